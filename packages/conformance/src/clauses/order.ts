import type { Held } from '@autocache/core'
import type { ClauseDefinition } from '../clause.ts'

/** Removal, visibility and many keys at once. */
export const orderClauses: readonly ClauseDefinition[] = [
  {
    name: 'delete removes the entry and says that there was one',
    rule: 'contract',
    async run({ store, entry, check }) {
      const kept = entry('kept')
      await store.set('gone', entry('gone'))
      await store.set('kept', kept)
      check.equal(await store.delete('gone'), true, 'delete of a present key')
      check.absent(await store.get('gone'), 'get after delete')
      check.held(await store.get('kept'), kept, 'another key after the delete')
      const anew = entry('gone', 'set again after delete')
      await store.set('gone', anew)
      check.held(await store.get('gone'), anew, 'get after delete and another set')
    },
  },
  {
    name: 'delete of an absent key is false',
    rule: 'contract',
    async run({ store, entry, check }) {
      check.equal(await store.delete('never-set'), false, 'delete of a key that was never set')
      await store.set('once', entry('once'))
      await store.delete('once')
      check.equal(await store.delete('once'), false, 'a second delete')
    },
  },
  {
    name: 'an acknowledged write is visible to the next read',
    rule: 'contract',
    async run({ store, entry, check }) {
      for (let round = 0; round < 20; round++) {
        const key = `round${round % 3}`
        const written = entry(key, `round ${round}`)
        await store.set(key, written)
        check.held(await store.get(key), written, `get right after set number ${round}`)
        if (round % 4 !== 3) continue
        await store.delete(key)
        check.absent(await store.get(key), `get right after delete in round ${round}`)
      }
    },
  },
  {
    name: 'concurrent operations on different keys do not disturb each other',
    rule: 'contract',
    async run({ store, entry, check }) {
      const entries = Array.from({ length: 48 }, (_, index) => [`c${index}`, entry(`c${index}`)] as [string, Held])
      const early = entries.slice(0, 16)
      await Promise.all(early.map(([key, held]) => store.set(key, held)))
      await Promise.all([
        ...entries.slice(16).map(([key, held]) => store.set(key, held)),
        ...early.slice(0, 8).map(([key]) => store.delete(key)),
        ...early.slice(8).map(async ([key, held]) => check.held(await store.get(key), held, `get('${key}') meanwhile`)),
      ])
      const got = await Promise.all(entries.map(([key]) => store.get(key)))
      for (const [index, [key, held]] of entries.entries()) {
        if (index < 8) check.absent(got[index], `get('${key}') after a concurrent delete`)
        else check.held(got[index], held, `get('${key}') after concurrent writes`)
      }
    },
  },
]

import type { Held, Store } from '@autocache/core'
import { isBytes } from '../check.ts'
import type { ClauseDefinition } from '../clause.ts'
import type { Probe } from '../probe.ts'
import { lookAlikeKeys, meaningfulKeys, processKeys } from '../samples.ts'

/** The key is the key (R09). */
export const keyClauses: readonly ClauseDefinition[] = [
  {
    name: 'keys that look alike are different keys',
    rule: 'R09',
    asserts: ['exactKeys'],
    async run(probe) {
      for (const [what, keys] of Object.entries(lookAlikeKeys)) await expectDistinct(probe, keys, what)
      if (probe.capabilities.lifetime === 'process') await expectDistinct(probe, processKeys, 'beyond ASCII')
    },
  },
  {
    name: 'keys that mean something to a storage are only keys',
    rule: 'R09',
    asserts: ['exactKeys'],
    async run(probe) {
      for (const [what, keys] of Object.entries(meaningfulKeys)) await expectDistinct(probe, keys, what)
    },
  },
  {
    name: 'long keys that differ only in the last byte are different keys',
    rule: 'R09',
    asserts: ['exactKeys'],
    async run(probe) {
      await expectDistinct(probe, longKeys(probe.raw), 'as long as the store takes')
    },
  },
  {
    name: 'a key that a storage folds answers with one whole entry or none',
    rule: 'R09',
    when: ({ exactKeys }) => !exactKeys,
    async run({ store, raw, entry, check }) {
      for (const keys of [lookAlikeKeys.case ?? [], lookAlikeKeys.prefixes ?? [], longKeys(raw)]) {
        const written = keys.map((key) => entry(key))
        for (const [index, key] of keys.entries()) await store.set(key, written[index] as Held)
        for (const key of keys) {
          const got = await store.get(key)
          if (got === undefined) check.absent(got, `get(${JSON.stringify(key)})`)
          else check.held(got, nearest(got, written), `get(${JSON.stringify(key)}) is an entry that was set`)
        }
      }
    },
  },
  {
    name: 'the names every object has are absent until they are set',
    rule: 'contract',
    async run({ store, entry, check }) {
      for (const key of ['__proto__', 'constructor', 'tostring', 'hasownproperty', 'toString', 'valueOf']) {
        check.absent(await store.get(key), `get('${key}') of an empty store`)
        check.equal(await store.delete(key), false, `delete('${key}') of an empty store`)
      }
      const held = entry('__proto__')
      await store.set('__proto__', held)
      check.held(await store.get('__proto__'), held, "get('__proto__') after set")
      check.absent(await store.get('body'), 'get of a name that the entry under __proto__ has as a property')
    },
  },
]

/** Sets every key, and then deletes one after the other: at each step exactly the others are there. */
async function expectDistinct({ store, entry, check, raw }: Probe, group: readonly string[], what: string) {
  const keys = group.filter((key) => byteLength(key) <= (raw.maxKeyBytes ?? Number.POSITIVE_INFINITY))
  const expected = new Map<string, Held>()
  for (const key of keys) {
    check.absent(await store.get(key), `${what}: get(${JSON.stringify(key)}) before it was set`)
    expected.set(key, entry(key))
    await store.set(key, expected.get(key) as Held)
  }
  for (const deleted of keys) {
    for (const [key, held] of expected) check.held(await store.get(key), held, `${what}: get(${JSON.stringify(key)})`)
    check.equal(await store.delete(deleted), true, `${what}: delete(${JSON.stringify(deleted)})`)
    check.absent(await store.get(deleted), `${what}: get(${JSON.stringify(deleted)}) after delete`)
    expected.delete(deleted)
  }
}

/** Keys of the greatest length a store takes that differ in the last byte; 250 where it sets no bound. */
function longKeys({ maxKeyBytes = 250 }: Store): string[] {
  const stem = 'long:'.padEnd(Math.min(maxKeyBytes, 1_000) - 1, 'abcdefghij')
  return [`${stem}1`, `${stem}2`, `${stem}a`, `${stem}A`, stem]
}

/** The written entry that `got` is; the first where it is none of them. */
function nearest(got: Held, written: readonly Held[]): Held {
  return (written.find((held) => held === got || (isBytes(held) && String(held) === String(got))) ?? written[0]) as Held
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

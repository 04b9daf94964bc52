import type { Held, SetContext } from '@autocache/core'
import { isBytes } from '../check.ts'
import type { ClauseDefinition } from '../clause.ts'
import { awkwardBytes, awkwardTexts } from '../samples.ts'

const mebibyte = 1024 * 1024

/** What goes in comes out. */
export const valueClauses: readonly ClauseDefinition[] = [
  {
    name: 'an absent key is undefined',
    rule: 'contract',
    async run({ store, entry, check }) {
      check.absent(await store.get('never-set'), 'get of a key that was never set')
      await store.set('other', entry('other'))
      check.absent(await store.get('never-set'), 'get of a key that was never set, beside another entry')
    },
  },
  {
    name: 'what was set is returned',
    rule: 'contract',
    async run({ store, entry, check }) {
      const one = entry('one')
      const two = entry('two')
      await store.set('one', one)
      await store.set('two', two)
      check.held(await store.get('one'), one, "get('one')")
      check.held(await store.get('two'), two, "get('two')")
      check.held(await store.get('one'), one, "get('one') a second time")
    },
  },
  {
    name: 'a reference is the same object',
    rule: 'contract',
    when: ({ holds }) => holds === 'references',
    async run({ store, entry, check }) {
      const bodies = [undefined, null, 0, '', Number.NaN, new Map([[{}, () => {}]]), Object.freeze([1])]
      for (const [index, body] of bodies.entries()) {
        const reference = Object.freeze({ ...(entry(`ref${index}`) as object), body }) as Held
        await store.set(`ref${index}`, reference)
        check.equal(await store.get(`ref${index}`), reference, `the entry with the body number ${index}`)
      }
    },
  },
  {
    name: 'text is kept to the last code unit',
    rule: 'contract',
    when: ({ holds }) => holds === 'text',
    async run({ store, check }) {
      for (const [what, text] of Object.entries(awkwardTexts)) {
        await store.set('text', text)
        check.equal(await store.get('text'), text, what)
      }
    },
  },
  {
    name: 'bytes are kept to the last bit',
    rule: 'contract',
    when: ({ holds }) => holds === 'bytes',
    async run({ store, check }) {
      for (const [what, bytes] of Object.entries(awkwardBytes())) {
        await store.set('bytes', bytes)
        check.held(await store.get('bytes'), bytes, what)
      }
    },
  },
  {
    name: 'a large entry is kept whole or refused, never cut',
    rule: 'contract',
    asserts: ['maxEntryBytes'],
    when: ({ holds }) => holds !== 'references',
    async run({ store, entry, check, capabilities }) {
      const limit = capabilities.maxEntryBytes ?? mebibyte
      const largest = entry('largest', 'x'.repeat(limit))
      await store.set('largest', largest)
      check.held(await store.get('largest'), largest, `an entry of ${limit} bytes`)

      const larger = entry('larger', 'y'.repeat(limit * 2))
      const accepted = await store.set('larger', larger).then(
        () => true,
        () => false,
      )
      const got = await store.get('larger')
      if (accepted) check.held(got, larger, `an accepted entry of ${limit * 2} bytes`)
      else check.absent(got, `a refused entry of ${limit * 2} bytes`)
    },
  },
  {
    name: 'set overwrites and the last write wins',
    rule: 'contract',
    async run({ store, entry, check }) {
      for (let round = 1; round <= 10; round++) {
        const written = entry('again', `round ${round} ${'.'.repeat(100 - round * 9)}`)
        await store.set('again', written)
        check.held(await store.get('again'), written, `after write ${round}`)
      }
    },
  },
  {
    name: 'changing a buffer after set does not reach the entry',
    rule: 'contract',
    when: ({ holds }) => holds === 'bytes',
    async run({ store, entry, check }) {
      const handed = entry('mine') as Uint8Array
      await store.set('mine', handed)
      handed.fill(0)
      check.held(await store.get('mine'), entry('mine'), 'get after the caller zeroed its own buffer')
    },
  },
  {
    name: 'changing what get returned does not reach the entry',
    rule: 'contract',
    asserts: ['copies'],
    when: ({ holds, copies }) => holds === 'bytes' && Boolean(copies),
    async run({ store, entry, check }) {
      await store.set('yours', entry('yours'))
      const first = await store.get('yours')
      check.equal(isBytes(first), true, 'get answers with bytes')
      ;(first as Uint8Array).fill(0)
      check.held(await store.get('yours'), entry('yours'), 'get after an earlier reader zeroed what it got')
    },
  },
  {
    name: 'a store changes nothing it was handed',
    rule: 'contract',
    async run({ store, entry, check, now, capabilities }) {
      const context = { expiresAt: now() + 60_000, tags: ['b', 'a'], setOptions: {} }
      const handed = entry('handed')
      const before = JSON.stringify([handed, context])
      await store.set('handed', handed, context)
      await store.get('handed')
      check.equal(JSON.stringify([handed, context]), before, 'the entry and context that set was handed')

      await store.set('frozen', freeze(entry('frozen')), freezeContext(context))
      const keys = Object.freeze(['handed', 'frozen', 'handed', 'none'])
      if (capabilities.getMany) check.equal((await store.getMany(keys)).length, 4, 'getMany of a frozen list')
      if (capabilities.setMany)
        await store.setMany(Object.freeze([Object.freeze({ key: 'k', entry: handed, context })]))
      if (capabilities.deleteMany) await store.deleteMany(keys)
      check.equal(JSON.stringify([handed, context]), before, 'the entry and context after all operations')
    },
  },
  {
    name: 'tags and setOptions do not change the entry',
    rule: 'contract',
    async run({ store, entry, check, now }) {
      const contexts: SetContext[] = [
        { tags: [] },
        { tags: ['users', 'user:42'] },
        { setOptions: {} },
        { expiresAt: undefined, tags: undefined, setOptions: undefined },
        { expiresAt: now() + 60_000, tags: ['users'], setOptions: {} },
      ]
      for (const [index, context] of contexts.entries()) {
        const written = entry(`context${index}`)
        await store.set(`context${index}`, written, context)
        check.held(await store.get(`context${index}`), written, `set with the context number ${index}`)
      }
    },
  },
]

/** A typed array cannot be frozen; a string needs not be. */
function freeze(held: Held): Held {
  return typeof held === 'object' && !isBytes(held) ? Object.freeze(held) : held
}

function freezeContext(context: SetContext): SetContext {
  return Object.freeze({ ...context, tags: Object.freeze([...(context.tags ?? [])]) })
}

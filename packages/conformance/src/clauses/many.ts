import type { Held } from '@autocache/core'
import type { ClauseDefinition } from '../clause.ts'
import type { Probe } from '../probe.ts'
import { expectGone } from './expiry.ts'

/** The optional methods: batches, `clear` and `keys`. */
export const manyClauses: readonly ClauseDefinition[] = [
  {
    name: 'getMany answers each key in its place',
    rule: 'contract',
    asserts: ['getMany'],
    async run(probe) {
      const { store, check } = probe
      const { a, b } = await write(probe, ['a', 'b'])
      const asked = ['b', 'none', 'a', 'b', 'zero']
      const got = await store.getMany(asked)
      check.equal(got.length, asked.length, `the length of getMany(${asked})`)
      for (const [index, expected] of [b, undefined, a, b, undefined].entries()) {
        const what = `getMany(${asked})[${index}]`
        if (expected === undefined) check.absent(got[index], what)
        else check.held(got[index], expected, what)
      }
      check.equal((await store.getMany([])).length, 0, 'the length of getMany([])')
    },
  },
  {
    name: 'setMany sets each entry with its own context',
    rule: 'contract',
    asserts: ['setMany'],
    async run(probe) {
      const { store, entry, check, now, advance, capabilities } = probe
      await store.setMany([])
      const { a } = await write(probe, ['a', 'b'])
      const [b, c] = [entry('b', 'the second b'), entry('c')]
      await store.setMany([
        { key: 'b', entry: b },
        { key: 'c', entry: c, context: { tags: ['t'] } },
        { key: 'short', entry: entry('short'), context: { expiresAt: now() + 200 } },
      ])
      await expectHeld(probe, { a, b, c } as Record<string, Held>)
      if (!capabilities.expires) return
      await advance(200)
      await expectGone(probe, ['short'])
      check.held(await store.get('b'), b, 'the entry beside one that expired')
    },
  },
  {
    name: 'deleteMany removes exactly those keys',
    rule: 'contract',
    asserts: ['deleteMany'],
    async run(probe) {
      const { store, check } = probe
      const { keep, last } = await write(probe, ['one', 'keep', 'two', 'last'])
      await store.deleteMany([])
      check.equal((await store.get('one')) === undefined, false, 'deleteMany([]) removed an entry')
      await store.deleteMany(['two', 'none', 'one', 'two'])
      check.absent(await store.get('one'), "get('one')")
      check.absent(await store.get('two'), "get('two')")
      await expectHeld(probe, { keep, last } as Record<string, Held>)
    },
  },
  {
    name: 'clear removes every entry',
    rule: 'contract',
    asserts: ['clear'],
    async run(probe) {
      const { store, check } = probe
      for (const clear of [() => store.clear(), () => store.clear('')]) {
        await write(probe, ['one', 'two:three', 'x'])
        await clear()
        for (const key of ['one', 'two:three', 'x']) check.absent(await store.get(key), `get('${key}') after clear`)
      }
      const { one } = await write(probe, ['one'])
      await expectHeld(probe, { one } as Record<string, Held>)
    },
  },
  {
    name: 'clear(prefix) removes exactly the keys that begin with it',
    rule: 'contract',
    asserts: ['clear'],
    async run(probe) {
      const { store, check } = probe
      for (const { prefix, inside, outside } of prefixes) {
        await write(probe, inside)
        const others = await write(probe, outside)
        await store.clear(prefix)
        for (const key of inside) check.absent(await store.get(key), `get('${key}') after clear('${prefix}')`)
        await expectHeld(probe, others, `after clear('${prefix}')`)
        for (const key of outside) await store.delete(key)
      }
      const { safe } = await write(probe, ['safe'])
      await store.clear('none-begins-with-this')
      await expectHeld(probe, { safe } as Record<string, Held>)
    },
  },
  {
    name: 'keys(prefix) lists exactly the keys that begin with it',
    rule: 'contract',
    asserts: ['keys'],
    async run(probe) {
      const { store, check } = probe
      check.equal((await store.keys('')).join(), '', "keys('') of an empty store")
      for (const { prefix, inside, outside } of prefixes) {
        await write(probe, [...inside, ...outside, `${prefix}deleted`])
        await store.delete(`${prefix}deleted`)
        const listed = (await store.keys(prefix)).sort().join(' ')
        check.equal(listed, [...inside].sort().join(' '), `keys('${prefix}')`)
        const all = (await store.keys('')).sort().join(' ')
        check.equal(all, [...inside, ...outside].sort().join(' '), "keys('')")
        for (const key of [...inside, ...outside]) await store.delete(key)
      }
    },
  },
]

/** Prefixes that a storage may take for patterns. */
const prefixes = [
  {
    prefix: 'app:a:',
    inside: ['app:a:1', 'app:a:2', 'app:a:'],
    outside: ['app:a', 'app:b:1', 'x:app:a:1', 'app:aa:1'],
  },
  { prefix: 'p_', inside: ['p_1', 'p__'], outside: ['pa1', 'p', 'p-1'] },
  { prefix: 'q%', inside: ['q%1'], outside: ['q1', 'qq%1', 'q'] },
  { prefix: 's*', inside: ['s*1', 's*'], outside: ['s1', 'sa1', 's'] },
  { prefix: 't[ab]', inside: ['t[ab]1'], outside: ['ta1', 'tb', 't[ab'] },
  { prefix: 'u?.', inside: ['u?.1'], outside: ['ua.1', 'u1', 'u?1'] },
  { prefix: "v'\\", inside: ["v'\\1"], outside: ["v'1", 'v\\1', "v''\\1"] },
]

async function write({ store, entry }: Probe, keys: readonly string[]): Promise<Record<string, Held>> {
  const written: Record<string, Held> = {}
  for (const key of keys) {
    written[key] = entry(key)
    await store.set(key, written[key])
  }
  return written
}

async function expectHeld({ store, check }: Probe, expected: Record<string, Held>, when = 'afterwards'): Promise<void> {
  for (const [key, held] of Object.entries(expected)) check.held(await store.get(key), held, `get('${key}') ${when}`)
}

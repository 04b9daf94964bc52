import { describe, expect, it } from 'vitest'
import { type Contender, examine, type Group, verify } from '../src/contender.ts'
import { groups } from '../src/groups/index.ts'
import { record } from '../src/inputs.ts'

for (const group of groups) {
  const reason = await group.unavailable?.()
  describe.skipIf(reason)(reason ? `${group.id} (${reason})` : group.id, () => {
    for (const contender of group.contenders) {
      it(`${contender.name} answers right and runs the function once for each call`, () => verify(group, contender))

      if (!contender.name.startsWith('autocache') || contender.keys !== 'structure') continue
      it(`${contender.name} mixes up nothing and ignores the order of properties`, async () => {
        expect(await examine(group, contender)).toMatchObject({ collides: [], ordersProperties: true })
      })
    }
    it('has its reference among its contenders', () => {
      expect(group.contenders.map(({ name }) => name)).toContain(group.reference)
    })
  })
}

describe('a contender that cheats is caught', () => {
  const group: Group = {
    id: 'test',
    title: 'test',
    reference: 'test',
    fn: (n: number) => record(n),
    args: (n) => [n],
    loop: () => () => undefined,
    contenders: [],
  }
  const cheats: Record<string, Contender['create']> = {
    'runs the function every time': ({ fn }) => fn,
    'runs it never': () => record,
    'answers every call with one result': ({ fn }) => {
      let result: unknown
      return (n) => (result ??= fn(n))
    },
    'answers with a promise': ({ fn }) => {
      const results = new Map()
      return async (n) => (results.has(n) ? results.get(n) : results.set(n, fn(n)).get(n))
    },
    'forgets a result': ({ fn }) => {
      const results = new Map()
      return (n) => {
        if (results.size >= 60) results.clear()
        return results.has(n) ? results.get(n) : results.set(n, fn(n)).get(n)
      }
    },
  }
  for (const [name, create] of Object.entries(cheats)) {
    it(name, async () => {
      await expect(verify(group, { name, create })).rejects.toThrow(name)
    })
  }

  const keys: Record<string, (value: unknown) => unknown> = {
    'gives everything one key': () => 'key',
    'gives a call a key of its own': () => `${Math.random()}`,
    'gives no text': (value) => value,
  }
  for (const [name, keyOf] of Object.entries(keys)) {
    it(name, async () => {
      await expect(verify({ ...group, answers: 'keys' }, { name, create: () => keyOf })).rejects.toThrow(name)
    })
  }
})

it('collisions of a peer are seen: JSON.stringify has those it is known for', async () => {
  const group = groups.find(({ id }) => id === 'encode-key')!
  const facts = await examine(group, group.contenders.find(({ name }) => name === 'JSON.stringify')!)
  expect(facts.ordersProperties).toBe(false)
  expect(facts.collides).toEqual(expect.arrayContaining(['`NaN`, `null`', 'two Maps', '`[undefined]`, `[null]`']))
  expect(facts.collides).not.toContain('two Dates')
  expect(facts.refuses).toContain('`1n`, `1`')
})

import { expect, it } from 'vitest'
import { fresh, type Group } from '../src/contender.ts'
import { loopAlone, measureGroup } from '../src/measure.ts'

const spin = (turns: number) => {
  let sum = 0
  for (let turn = 0; turn < turns; turn++) sum += Math.sqrt(turn)
  return sum
}

const group: Group = {
  id: 'test',
  title: 'test',
  reference: 'short',
  fn: (n: number) => n,
  args: (n) => [n],
  loop: (answer) => () => answer(1),
  contenders: [2_000, 40_000].map((turns, at) => ({
    name: at === 0 ? 'short' : 'long',
    create: ({ fn }) => {
      const results = new Map<number, number>()
      return (n: number) => {
        if (!results.has(n)) results.set(n, fn(n))
        spin(turns)
        return results.get(n)
      }
    },
  })),
}

it('every contender is measured in every round, and the slower one is slower in each', async () => {
  const { rounds } = await measureGroup(group, 2)
  expect(Object.keys(rounds).sort()).toEqual(['long', 'short', loopAlone].sort())
  for (const [at, short] of rounds.short!.entries()) {
    expect(rounds.long![at]!).toBeGreaterThan(5 * short)
    expect(rounds[loopAlone]![at]!).toBeLessThan(short)
  }
  expect(rounds.long).toHaveLength(2)
})

it('a group with a wrong contender is not measured', async () => {
  const wrong = { name: 'wrong', create: () => () => 'wrong' }
  await expect(measureGroup({ ...group, contenders: [...group.contenders, wrong] }, 1)).rejects.toThrow('wrong')
})

it('autocache is not measured where it mixes up arguments', async () => {
  const create = () => (value: unknown) => JSON.stringify(value) ?? 'undefined'
  const keys: Group = { ...group, answers: 'keys', contenders: [{ name: 'autocache', keys: 'structure', create }] }
  await expect(measureGroup(keys, 1)).rejects.toThrow('mixes up')
})

it('a function compiled anew works like the first and is another one', () => {
  const make = (step: number) => {
    let at = 0
    return () => (at += step)
  }
  const count = fresh(make)(2)
  count()
  expect(count()).toBe(4)
  expect(fresh(make)).not.toBe(make)
})

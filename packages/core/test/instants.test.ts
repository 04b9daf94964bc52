import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Instants, instant } from '../src/instants.ts'

const name = fc.oneof(fc.string(), fc.string({ minLength: 90, maxLength: 120 }), fc.string({ minLength: 1000 }))

test('R18 what was invalidated is so from then on, whatever its name', () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 50 }), (names) => {
      const instants = new Instants()
      const at = new Map<string, number>()
      for (const one of names) {
        instants.mark(one)
        at.set(one, instant())
      }
      for (const [one, when] of at) expect(instants.of(one)).toBeGreaterThanOrEqual(when)
    }),
  )
})

test('long names that differ anywhere are apart', () => {
  const text = 'x'.repeat(5000)
  const instants = new Instants()
  instants.mark(text)
  for (const at of [0, 1, 99, 100, 2500, 4999])
    for (const unit of ['y', '\u0000', '\ud800'])
      expect(instants.of(text.slice(0, at) + unit + text.slice(at + 1))).toBe(0)
  expect(instants.of(`${text}x`)).toBe(0)
  expect(instants.of('x'.repeat(5000))).toBe(instant())
})

test('past ten thousand names older ones are taken together, and none is forgotten', () => {
  const instants = new Instants()
  for (let name = 0; name < 12_000; name++) instants.mark(`${name}`)
  const floor = instants.of('never')
  expect(floor).toBeGreaterThan(0)
  expect(instants.of('0')).toBe(floor)
  expect(instants.of('11999')).toBe(instant())
})

test('L7 long names are not held', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const instants = new Instants()
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  // As texts these would be 100 MB.
  for (let name = 0; name < 2000; name++) instants.mark(`${name} ${'x'.repeat(50_000)}`)
  expect(used() - before).toBeLessThan(50_000_000)
  expect(instants.of(`1999 ${'x'.repeat(50_000)}`)).toBe(instant())
})

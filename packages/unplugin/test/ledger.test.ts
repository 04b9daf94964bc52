import { appendFileSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generationOf, ledgerOf, noteBuilt } from '../src/ledger.ts'
import { caller, helper, program } from './support/program.ts'

function built(declared: (path: (file: string) => string) => string[]) {
  const made = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const ledger = ledgerOf(made.root, 'host name')
  const note = () => noteBuilt(ledger, made.path('f.ts'), made.living.fingerprint(made.path('f.ts')), declared(made.path))
  const generation = () => {
    made.living.check()
    return generationOf(ledger, made.living)
  }
  return { ...made, ledger, note, generation }
}

test('a cache of which nothing is known has generation 0', () => {
  const { generation } = built(() => [])
  expect(generation()).toBe(0)
})

test('an edit of a declared file leaves the generation: the host sees it', () => {
  const { generation, note, write } = built((path) => [path('helper.ts')])
  note()
  expect(generation()).toBe(0)
  write('helper.ts', helper(2))
  expect(generation()).toBe(0)
})

test('a stamp that became another by a file that was not declared raises the generation, once', () => {
  const { generation, note, write } = built(() => [])
  note()
  write('helper.ts', helper(2))
  expect(generation()).toBe(1)
  expect(generation()).toBe(1)
  note()
  expect(generation()).toBe(1)
  write('helper.ts', helper(3))
  expect(generation()).toBe(2)
})

test('going back to what was checked is another change for what was built in between', () => {
  const { generation, note, write, living, path } = built(() => [])
  note()
  expect(generation()).toBe(0)
  write('helper.ts', helper(2))
  living.update([path('helper.ts')])
  note()
  write('helper.ts', helper(1))
  expect(generation()).toBe(1)
})

test('a line that was not written to its end is no note', () => {
  const { generation, note, write, ledger } = built((path) => [path('helper.ts')])
  note()
  appendFileSync(ledger, '{"module":"/f.ts","finger')
  expect(generation()).toBe(0)
  expect(readFileSync(ledger, 'utf8')).toContain('"checked"')
  write('helper.ts', helper(2))
  expect(generation()).toBe(0)
})

import { describe, expect, test } from 'vitest'
import {
  type Capabilities,
  type Capability,
  describeStore,
  mapStore,
  runStoreSuite,
  storeClauses,
} from '../src/index.ts'
import { allClauses } from '../src/suite.ts'
import { mutants } from './mutants.ts'
import { bytesHarness, claims, frontedHarness, referencesHarness, syncTextHarness, textHarness } from './references.ts'

describeStore('the reference store that holds references', referencesHarness, claims.references)
describeStore('the reference store that holds text', textHarness, claims.text)
describeStore('the reference store that holds bytes', bytesHarness, claims.bytes)
describeStore('the synchronous shared store that holds text', syncTextHarness, claims.syncText)
describeStore('the reference store with memory in front', () => frontedHarness(), claims.fronted)
describeStore('a store on the real clock', () => ({ store: mapStore() }), {
  ...{ mode: 'sync', lifetime: 'process', holds: 'references', exactKeys: true, expires: true },
  ...{ getMany: true, setMany: true, deleteMany: true, clear: true, keys: true, scope: true },
})

describe('every mutant is caught by its clause', () => {
  test.each(Object.entries(mutants))('%s', async (_name, { make, capabilities, caughtBy }) => {
    const report = await runStoreSuite(make, capabilities)
    expect(report.failed.map(({ clause }) => clause)).toContain(caughtBy)
  })
})

describe('the suite holds itself to its rules', () => {
  const every = {
    ...{ exactKeys: true, expires: true, bounded: 64, survivesReopen: true, copies: true, reportsFailures: true },
    ...{
      epochs: true,
      locks: true,
      maxEntryBytes: 1,
      getMany: true,
      setMany: true,
      deleteMany: true,
      clear: true,
      keys: true,
      scope: true,
    },
  } satisfies Required<Omit<Capabilities, 'mode' | 'lifetime' | 'holds'>>

  test('every clause catches a mutant', () => {
    const catching = new Set(Object.values(mutants).map(({ caughtBy }) => caughtBy))
    expect(allClauses.map(({ name }) => name).filter((name) => !catching.has(name))).toEqual([])
  })

  test('every capability has a clause that asserts it', () => {
    const asserted = new Set(allClauses.flatMap(({ asserts = [] }) => asserts))
    expect([...asserted].sort()).toEqual((Object.keys(every) as Capability[]).sort())
  })

  test('clause names are unique', () => {
    const names = allClauses.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test.each(['references', 'text', 'bytes'] as const)('no clause passes without an assertion (%s)', async (kind) => {
    const make = { references: referencesHarness, text: textHarness, bytes: bytesHarness }[kind]
    for (const clause of storeClauses(claims[kind])) await clause.run(make())
    expect(storeClauses(claims[kind]).length).toBeGreaterThan(20)
  })

  test('a claim that no clause can check is refused', () => {
    expect(() => storeClauses({ ...claims.text, copies: true })).toThrow(/No clause checks 'copies'/)
    expect(() => storeClauses({ ...claims.text, scope: true })).toThrow(/'scope'/)
    expect(() => storeClauses({ ...claims.text, fast: true } as Capabilities)).toThrow(/'fast'/)
    expect(() => storeClauses({ ...claims.references, bounded: 3 })).toThrow(/at least 64/)
  })

  test('a claim whose harness cannot show it fails with the name of the hook', async () => {
    const { reopen: _reopen, breakIt: _breakIt, ...bare } = textHarness()
    const { failed } = await runStoreSuite(() => bare, claims.text)
    expect(failed.map(({ error }) => String(error)).join('\n')).toMatch(
      /needs a harness with breakIt[\s\S]*with reopen/,
    )
  })

  test('a random sequence that fails is reported shrunk', async () => {
    const mutant = mutants.deletesByPrefix
    const { failed } = await runStoreSuite(mutant?.make as () => never, mutant?.capabilities as Capabilities)
    const random = failed.find(({ clause }) => clause === mutant?.caughtBy)
    const [, counterexample = ''] = /Counterexample: (.*)/.exec(String(random?.error)) ?? []
    expect(counterexample).toContain('"key":"a"')
    expect(counterexample.match(/"do"/g)).toHaveLength(1)
  })

  test('a harness that cannot be made or closed is a failure of each clause, not of the run', async () => {
    const report = await runStoreSuite(() => Promise.reject(new Error('no server')), claims.text)
    expect(report.passed).toEqual([])
    const unclosable = { ...textHarness(), close: () => Promise.reject(new Error('still open')) }
    const clause = storeClauses(claims.text)[0]?.name
    expect((await runStoreSuite(() => unclosable, claims.text)).passed).not.toContain(clause)
  })
})

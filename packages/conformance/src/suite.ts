import { assertCheckable, type Capabilities, claimed, type Harness, type MakeHarness } from './capabilities.ts'
import { withinLimit } from './check.ts'
import { applies, type ClauseDefinition } from './clause.ts'
import { epochsClauses } from './clauses/epochs.ts'
import { expiryClauses } from './clauses/expiry.ts'
import { keyClauses } from './clauses/keys.ts'
import { lockClauses } from './clauses/locks.ts'
import { manyClauses } from './clauses/many.ts'
import { orderClauses } from './clauses/order.ts'
import { randomClauses } from './clauses/random.ts'
import { scopeClauses } from './clauses/scope.ts'
import { shapeClauses } from './clauses/shape.ts'
import { storageClauses } from './clauses/storage.ts'
import { valueClauses } from './clauses/values.ts'
import { createProbe } from './probe.ts'

/** Every clause of the contract, whichever store it applies to. */
export const allClauses: readonly ClauseDefinition[] = [
  ...shapeClauses,
  ...valueClauses,
  ...orderClauses,
  ...keyClauses,
  ...randomClauses,
  ...expiryClauses,
  ...manyClauses,
  ...scopeClauses,
  ...storageClauses,
  ...epochsClauses,
  ...lockClauses,
]

/** A clause that applies to a declared store, ready to run. */
export interface Clause {
  /** The sentence of the contract, unique in the suite. */
  readonly name: string
  /** `contract`, or the rule of the soundness page it keeps. */
  readonly rule: string
  /** Runs it against a fresh harness. @throws when the store breaks the clause. */
  run(harness: Harness): Promise<void>
}

/** What a run of the suite found. */
export interface Report {
  /** The names of the clauses the store keeps. */
  readonly passed: readonly string[]
  /** The clauses it breaks, and how. */
  readonly failed: readonly { readonly clause: string; readonly rule: string; readonly error: unknown }[]
}

const clauseLimit = 30_000

/**
 * The clauses that apply to a store with these capabilities, for a test runner of your choice.
 * @throws when a capability is claimed that no clause checks for such a store.
 * @example
 * ```ts
 * import { mapStore, storeClauses } from '@autocache/conformance'
 * const clauses = storeClauses({ mode: 'sync', lifetime: 'process', holds: 'references' })
 * for (const clause of clauses.filter(({ name }) => name === 'an absent key is undefined')) {
 *   await clause.run({ store: mapStore() })
 * }
 * ```
 */
export function storeClauses(capabilities: Capabilities): Clause[] {
  assertCheckable(capabilities)
  const chosen = allClauses.filter((clause) => applies(clause, capabilities))
  const asserted = new Set(chosen.flatMap(({ asserts = [] }) => asserts))
  const unchecked = claimed(capabilities).filter((name) => !asserted.has(name))
  if (unchecked.length > 0) {
    const { mode, holds } = capabilities
    throw new Error(
      `No clause checks ${unchecked.map((name) => `'${name}'`).join(', ')} for a store with mode '${mode}' ` +
        `that holds ${holds}. Leave the claim out, or add a clause that asserts it.`,
    )
  }
  return chosen.map((clause) => ({
    name: clause.name,
    rule: clause.rule,
    run: (harness) => runClause(clause, harness, capabilities),
  }))
}

async function runClause(clause: ClauseDefinition, harness: Harness, capabilities: Capabilities): Promise<void> {
  const probe = createProbe(harness, capabilities)
  await clause.run(probe)
  if (probe.check.count === 0) throw new Error(`The clause '${clause.name}' asserted nothing.`)
}

/** Makes a harness, runs one clause against it and closes it; the clause's own error comes first. */
export async function runWithHarness(clause: Clause, make: MakeHarness): Promise<void> {
  const harness = await make()
  try {
    await clause.run(harness)
  } catch (error) {
    await close(harness).catch(() => {})
    throw error
  }
  await close(harness)
}

async function close(harness: Harness): Promise<void> {
  await harness.close?.()
}

/**
 * Runs the suite without a test runner.
 * @example
 * ```ts
 * import { asyncMapStore, runStoreSuite } from '@autocache/conformance'
 * const forgetful = { ...asyncMapStore({ holds: 'text' }), delete: async () => true }
 * const report = await runStoreSuite(() => ({ store: forgetful }),
 *   { mode: 'async', lifetime: 'shared', holds: 'text' })
 * report.failed.length > 0 // true
 * ```
 */
export async function runStoreSuite(make: MakeHarness, capabilities: Capabilities): Promise<Report> {
  const passed: string[] = []
  const failed: { clause: string; rule: string; error: unknown }[] = []
  for (const clause of storeClauses(capabilities)) {
    try {
      await withinLimit(clauseLimit, () => runWithHarness(clause, make))
      passed.push(clause.name)
    } catch (error) {
      failed.push({ clause: clause.name, rule: clause.rule, error })
    }
  }
  return { passed, failed }
}

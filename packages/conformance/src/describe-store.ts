import { describe, test } from 'vitest'
import type { Capabilities, MakeHarness } from './capabilities.ts'
import { runWithHarness, storeClauses } from './suite.ts'

/**
 * Registers the suite with vitest: one test per clause, each with a harness of its own.
 * @throws when a capability is claimed that no clause checks for such a store.
 * @example
 * ```ts
 * import { asyncMapStore, describeStore } from '@autocache/conformance'
 * describeStore('my store', () => ({ store: asyncMapStore({ holds: 'text' }) }), {
 *   mode: 'async', lifetime: 'shared', holds: 'text', exactKeys: true, expires: true,
 *   getMany: true, setMany: true, deleteMany: true, clear: true, keys: true,
 * })
 * ```
 */
export function describeStore(name: string, make: MakeHarness, capabilities: Capabilities): void {
  describe(name, () => {
    for (const clause of storeClauses(capabilities)) {
      const title = clause.rule === 'contract' ? clause.name : `${clause.rule} ${clause.name}`
      test(title, { timeout: 30_000 }, () => runWithHarness(clause, make))
    }
  })
}

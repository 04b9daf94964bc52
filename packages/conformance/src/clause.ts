import type { Capabilities, Capability } from './capabilities.ts'
import type { Probe } from './probe.ts'

/** One sentence of the store contract and how it is checked. */
export interface ClauseDefinition {
  /** The sentence, in the present tense; unique. */
  readonly name: string
  /** Where it comes from: `contract` (`store.ts`), or a rule of the soundness page. */
  readonly rule: 'contract' | 'R09' | 'R18' | 'L5' | 'L6'
  /** The capabilities it proves. */
  readonly asserts?: readonly Capability[]
  /**
   * When it applies.
   * @default every capability in `asserts` is claimed
   */
  readonly when?: (capabilities: Capabilities) => boolean
  run(probe: Probe): Promise<void>
}

/** Whether a clause applies to a store with these capabilities. */
export function applies(clause: ClauseDefinition, capabilities: Capabilities): boolean {
  if (clause.when) return clause.when(capabilities)
  return (clause.asserts ?? []).every((name) => Boolean(capabilities[name]))
}

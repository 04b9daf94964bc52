/**
 * What emitted code and our own adapters use. It follows the contract number of {@link stampContract} and not the
 * version of the package: code written by hand has no use for it.
 */
export { built } from './built.ts'
export { Debts } from './debts.ts'
export type { Delegate, Delegated, Delegation, Gathered, Unkept } from './delegate.ts'
export { createDelegation } from './delegation.ts'
export { digest } from './digest.ts'
export { inherited, ownBound, ownFunction, through, whole } from './dispatch.ts'
export { type Gate, gateOf } from './gate.ts'
export { held, putInput, readInput, snapshot } from './module-values.ts'
export type { Slot, SlotIndex, SlotScope } from './slot.ts'
export {
  putStamp,
  type Stamp,
  stampCode,
  stampContract,
  stampDecorator,
  stampMember,
  stampOf,
} from './version.ts'
export { type Wire, wire } from './wire.ts'

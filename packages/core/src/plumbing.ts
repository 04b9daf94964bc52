/**
 * What emitted code and our own adapters use. It follows the contract number of {@link stampContract} and not the
 * version of the package: code written by hand has no use for it.
 */
export { digest } from './digest.ts'
export type { Slot, SlotIndex, SlotScope } from './slot.ts'
export {
  putInput,
  putStamp,
  readInput,
  type Stamp,
  snapshot,
  stampCode,
  stampContract,
  stampMember,
  stampOf,
} from './version.ts'
export { type Wire, wire } from './wire.ts'

export type { Capabilities, Capability, Harness, MakeHarness } from './capabilities.ts'
export { describeStore } from './describe-store.ts'
export { type CorruptingOptions, corruptingStore } from './faults/corrupting-store.ts'
export { type HangingFault, hangingStore } from './faults/hanging-store.ts'
export type { Fault, FaultOptions, FaultStore, Operation } from './faults/interpose.ts'
export { keyFoldingStore } from './faults/key-folding-store.ts'
export { type LossyOptions, lossyStore } from './faults/lossy-store.ts'
export { type ReorderingFault, type ReorderingOptions, reorderingStore } from './faults/reordering-store.ts'
export { slowStore } from './faults/slow-store.ts'
export { throwingStore } from './faults/throwing-store.ts'
export {
  type AsyncMapStore,
  asyncMapStore,
  type LockTable,
  type MapStore,
  type MapStoreOptions,
  mapStore,
  type Rows,
} from './map-store.ts'
export { type Clause, type Report, runStoreSuite, storeClauses } from './suite.ts'

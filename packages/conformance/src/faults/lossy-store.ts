import type { Store } from '@autocache/core'
import { type FaultStore, interpose, type Operation } from './interpose.ts'
import { seededRandom } from './random.ts'

/** Which losses, and how often. */
export interface LossyOptions {
  /** The share of operations that is lost, 0 to 1. */
  readonly probability: number
  /** What the losses depend on. @default 1 */
  readonly seed?: number
  /** What is lost: writes, removals, or what a read found. Batches lose single entries. @default ['set'] */
  readonly operations?: readonly Extract<Operation, 'get' | 'set' | 'delete'>[]
}

/**
 * A store that acknowledges operations and loses some of them.
 * @example
 * ```ts
 * import { lossyStore, mapStore } from '@autocache/conformance'
 * const store = lossyStore(mapStore({ holds: 'text' }), { probability: 1 })
 * store.set('a', '1')
 * store.get('a') // undefined
 * ```
 */
export function lossyStore<TStore extends Store>(store: TStore, options: LossyOptions): FaultStore<TStore> {
  const { probability, seed = 1, operations = ['set'] } = options
  const random = seededRandom(seed)
  return interpose(store, {
    operations,
    itemwise: true,
    handle: (call) => {
      if (random() >= probability) return call.proceed()
      call.strike()
      return call.answer(call.operation === 'delete' ? true : undefined)
    },
  })
}

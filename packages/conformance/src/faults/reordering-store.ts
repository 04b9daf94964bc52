import type { Store } from '@autocache/core'
import { answersWithPromises, type Fault, type FaultStore, interpose } from './interpose.ts'
import { seededRandom, shuffled } from './random.ts'

/** What is out of order, and how far. */
export interface ReorderingOptions {
  /**
   * `writes`: sets and deletes are acknowledged at once and applied later, in another order. `acks`: they are applied
   * at once and in order, and acknowledged later, in another order (asynchronous stores only).
   */
  readonly reorders: 'writes' | 'acks'
  /** How many of them wait together before they are let go. @default 3 */
  readonly window?: number
  /** What the order depends on. @default 1 */
  readonly seed?: number
}

/** The switch of a store that reorders. */
export interface ReorderingFault extends Fault {
  /** How many writes or acknowledgements wait. */
  readonly held: number
  /** Lets those that wait go, in another order. */
  release(): Promise<void>
}

/**
 * A store that applies or acknowledges writes out of order. They wait until `window` of them do, or until `release()`;
 * turning the fault off lets later writes pass.
 * @throws when acknowledgements of a synchronous store are to be reordered.
 * @example
 * ```ts
 * import { mapStore, reorderingStore } from '@autocache/conformance'
 * const store = reorderingStore(mapStore({ holds: 'text' }), { reorders: 'writes' })
 * store.set('a', '1')
 * store.get('a') // undefined
 * await store.fault.release()
 * store.get('a') // '1'
 * ```
 */
export function reorderingStore<TStore extends Store>(
  store: TStore,
  { reorders, window = 3, seed = 1 }: ReorderingOptions,
): FaultStore<TStore, ReorderingFault> {
  if (reorders === 'acks' && !answersWithPromises(store)) {
    throw new Error('A synchronous store acknowledges at once: only the writes of one can be reordered.')
  }
  const random = seededRandom(seed)
  const held: (() => unknown)[] = []
  const letGo = () => shuffled(held.splice(0), random).map((run) => run())
  const hold = (run: () => unknown) => {
    held.push(run)
    if (held.length >= window) letGo()
  }
  const handle = {
    get held() {
      return held.length
    },
    async release() {
      await Promise.all(letGo())
    },
  }
  return interpose(
    store,
    {
      operations: ['set', 'delete'],
      itemwise: true,
      handle: ({ operation, proceed, strike, answer }) => {
        strike()
        if (reorders === 'acks') {
          const done = proceed() as Promise<unknown>
          done.catch(() => {})
          return new Promise((acknowledge) => hold(() => acknowledge(done)))
        }
        // The write was acknowledged, so that nobody is left to hear of its failure.
        hold(() => (async () => proceed())().catch(() => {}))
        return answer(operation === 'delete' ? true : undefined)
      },
    },
    handle,
  )
}

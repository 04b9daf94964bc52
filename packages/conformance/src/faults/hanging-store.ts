import type { AsyncStore } from '@autocache/core'
import { behind, type Fault, type FaultOptions, type FaultStore, interpose } from './interpose.ts'

/** The switch of a store that hangs. */
export interface HangingFault extends Fault {
  /** How many operations hang. */
  readonly held: number
  /** Lets every hanging operation go on, in the order they came: a write that timed out lands late (R20). */
  release(): Promise<void>
}

/**
 * An asynchronous store whose operations do not answer, like a half-open connection, until they are released.
 * Turned off, the fault lets later operations pass; those that hang go on hanging.
 * @example
 * ```ts
 * import { asyncMapStore, hangingStore } from '@autocache/conformance'
 * const store = hangingStore(asyncMapStore({ holds: 'text' }), { operations: ['set'] })
 * const write = store.set('a', '1')
 * await store.get('a') // undefined
 * await store.fault.release()
 * await write
 * await store.get('a') // '1'
 * ```
 */
export function hangingStore<TStore extends AsyncStore>(
  store: TStore,
  options: FaultOptions = {},
): FaultStore<TStore, HangingFault> {
  const held: (() => void)[] = []
  const handle = {
    get held() {
      return held.length
    },
    async release() {
      for (const open of held.splice(0)) {
        open()
        // A turn of the event loop each, so that the operations land in order.
        await new Promise((resolve) => setTimeout(resolve))
      }
    },
  }
  return interpose(
    store,
    {
      ...options,
      handle: (call) => {
        call.strike()
        return behind(() => new Promise<void>((open) => held.push(open)), call)
      },
    },
    handle,
  )
}

import type { AsyncStore } from '@autocache/core'
import { behind, type FaultOptions, type FaultStore, interpose } from './interpose.ts'

/**
 * An asynchronous store that begins each operation `ms` milliseconds late.
 * @example
 * ```ts
 * import { asyncMapStore, slowStore } from '@autocache/conformance'
 * const store = slowStore(asyncMapStore({ holds: 'text' }), 5)
 * await store.get('a') // undefined, five milliseconds later
 * store.fault.calls.get // 1
 * ```
 */
export function slowStore<TStore extends AsyncStore>(
  store: TStore,
  ms: number,
  options: FaultOptions = {},
): FaultStore<TStore> {
  return interpose(store, {
    ...options,
    handle: (call) => {
      call.strike()
      return behind(() => new Promise((resolve) => setTimeout(resolve, ms)), call)
    },
  })
}

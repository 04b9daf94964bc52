import type { Store } from '@autocache/core'
import { answersWithPromises, behind, type FaultOptions, type FaultStore, interpose } from './interpose.ts'

/**
 * A store whose operations fail: a synchronous one throws, an asynchronous one rejects. Nothing reaches the wrapped
 * store while the fault is on.
 * @param makeError what it fails with, made anew for each failure
 * @example
 * ```ts
 * import { mapStore, throwingStore } from '@autocache/conformance'
 * const store = throwingStore(mapStore({ holds: 'text' }), { operations: ['get'] })
 * store.set('a', '1')
 * store.fault.on = false
 * store.get('a') // '1'
 * ```
 */
export function throwingStore<TStore extends Store>(
  store: TStore,
  {
    makeError = () => new Error('The storage is down.'),
    ...options
  }: FaultOptions & { makeError?: () => unknown } = {},
): FaultStore<TStore> {
  return interpose(store, {
    ...options,
    handle: (call) => {
      call.strike()
      if (answersWithPromises(store)) return behind(() => Promise.reject(makeError()), call)
      throw makeError()
    },
  })
}

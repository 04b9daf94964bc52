import type { Store } from '@autocache/core'
import { type FaultStore, interpose } from './interpose.ts'

/**
 * A store that rewrites keys, as MySQL's default collation or a column of fixed length does (R09).
 * @param fold what becomes of a key, or of a prefix in `clear` and `keys`; by default its letters become small
 * @example
 * ```ts
 * import { keyFoldingStore, mapStore } from '@autocache/conformance'
 * const store = keyFoldingStore(mapStore({ holds: 'text' }), (key) => key.slice(0, 4))
 * store.set('user:1', 'Ann')
 * store.get('user:2') // 'Ann'
 * ```
 */
export function keyFoldingStore<TStore extends Store>(
  store: TStore,
  fold: (key: string) => string = (key) => key.toLowerCase(),
): FaultStore<TStore> {
  return interpose(store, {
    itemwise: true,
    handle: ({ args: [key, ...rest], proceed, strike }) => {
      if (typeof key !== 'string') return proceed()
      const folded = fold(key)
      if (folded !== key) strike()
      return proceed(folded, ...rest)
    },
  })
}

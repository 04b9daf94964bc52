import type { AsyncStore, Entry, Store, SyncStore } from '@autocache/core'
import { describe, expectTypeOf, test } from 'vitest'
import { asyncMapStore, hangingStore, mapStore, reorderingStore, slowStore, throwingStore } from '../src/index.ts'

describe('a fault store keeps the type of the store it wraps', () => {
  test('synchronous stays synchronous, asynchronous asynchronous', () => {
    expectTypeOf(throwingStore(mapStore()).get('a')).toEqualTypeOf<Entry | undefined>()
    expectTypeOf(throwingStore(asyncMapStore({ holds: 'text' })).get('a')).toEqualTypeOf<Promise<string | undefined>>()
    expectTypeOf(throwingStore(mapStore())).toExtend<SyncStore<'references'>>()
    expectTypeOf(slowStore(asyncMapStore({ holds: 'bytes' }), 1)).toExtend<AsyncStore<'bytes'>>()
    expectTypeOf(throwingStore(mapStore() as Store)).toExtend<Store>()
  })

  test('a synchronous store can neither hang nor be slow', () => {
    // @ts-expect-error it answers at once or not at all
    hangingStore(mapStore())
    // @ts-expect-error it answers at once or not at all
    slowStore(mapStore(), 1)
  })

  test('the switch of each fault has what that fault can do', () => {
    expectTypeOf(reorderingStore(mapStore(), { reorders: 'writes' }).fault.release).returns.toEqualTypeOf<
      Promise<void>
    >()
    expectTypeOf(throwingStore(mapStore()).fault).not.toHaveProperty('release')
  })
})

import type { AsyncStore, Store } from '@autocache/core'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { expectTypeOf, test } from 'vitest'
import { type KeyvStore, keyvStore } from '../src/index.ts'

test('every Keyv of 5.6 and 6 is accepted, whatever it is typed to hold', () => {
  expectTypeOf(keyvStore(new Keyv())).toEqualTypeOf<KeyvStore>()
  expectTypeOf(keyvStore(new Keyv<string>())).toEqualTypeOf<KeyvStore>()
  expectTypeOf(keyvStore(new Keyv<{ a: number }>())).toEqualTypeOf<KeyvStore>()
  expectTypeOf(keyvStore(new Keyv6())).toEqualTypeOf<KeyvStore>()
  expectTypeOf(keyvStore(new Keyv6<string>())).toEqualTypeOf<KeyvStore>()
})

test('what is no Keyv is refused', () => {
  // @ts-expect-error a storage adapter alone
  keyvStore(new Map())
  // @ts-expect-error a URL
  keyvStore('redis://localhost')
  // @ts-expect-error an option that does not exist
  keyvStore(new Keyv(), { namespace: 'shop' })
  // @ts-expect-error a lifetime that does not exist
  keyvStore(new Keyv(), { lifetime: 'forever' })
})

test('a keyvStore is an asynchronous store of text with batches, without clear and without set options', () => {
  const store = keyvStore(new Keyv())
  expectTypeOf(store).toExtend<AsyncStore<'text'>>()
  expectTypeOf(store).toExtend<Store>()
  expectTypeOf(store.get).returns.resolves.toEqualTypeOf<string | undefined>()
  expectTypeOf(store.getMany).returns.resolves.toEqualTypeOf<readonly (string | undefined)[]>()
  // @ts-expect-error Keyv's set takes no options
  void store.set('k', 'v', { setOptions: { raw: true } })
})

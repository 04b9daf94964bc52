/** A program over the published packages. It compiles under every TypeScript we support, and prints `ok` when it runs. */
import { cacheManagerStore } from '@autocache/cache-manager'
import { cached, createAutocache, type Entry, isAutocacheError, memoryStore } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import { entrySize, lruCacheStore } from '@autocache/lru-cache'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'

export const area = cached((width: number, height: number) => width * height, { store: memoryStore({ max: 10 }) })
export const cache = createAutocache({ store: keyvStore(new Keyv()), namespace: 'consumer', ttl: '1m' })
export const user = cache.cached(async (id: string) => ({ id, visits: new Map([[id, new Date(0)]]) }), {
  name: 'user',
  version: '1',
})
const lru = new LRUCache<string, Entry>({ maxSize: 1_000_000, sizeCalculation: entrySize })
export const square = createAutocache({ store: lruCacheStore(lru) }).cached((n: number) => n * n, {
  setOptions: { size: 7 },
})
export const managed = createAutocache({ store: cacheManagerStore(createCache()), ttl: '1m' })
export const visitsOf = managed.cached((id: string) => new Map([[id, 1]]))

const sync: number = area(2, 3)
const squared: number = square(3)
const visited: Promise<Map<string, number>> = visitsOf('42')
const asynchronous: Promise<{ id: string; visits: Map<string, Date> }> = user('42')
// @ts-expect-error the arguments keep their types
const refused = () => area('2', 3)
// @ts-expect-error the options of set are those of the LRUCache
const unknownOption = () => createAutocache({ store: lruCacheStore(lru), setOptions: { max: 3 } })

await asynchronous
const { id, visits } = await user('42')
const stores = squared === 9 && lru.calculatedSize === 7 && (await visited).get('42') === 1
const right =
  stores &&
  typeof unknownOption === 'function' &&
  sync === 6 &&
  id === '42' &&
  visits.get('42')?.getTime() === 0 &&
  typeof refused === 'function'
if (!right || isAutocacheError(new Error('mine'))) throw new Error('the packed packages answer wrongly')
console.log('ok')

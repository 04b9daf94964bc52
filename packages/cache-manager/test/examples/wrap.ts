import { createAutocache } from '@autocache/core'
import { createCache } from 'cache-manager'
import { cacheManagerStore } from '../../src/index.ts'

const manager = createCache({ ttl: 60_000, refreshThreshold: 10_000 })
const findUser = async (id: string, locale: string) => ({ id, locale })

// Before: the key made by hand, at every place that asks.
const id = '42'
console.log(await manager.wrap(`user:${id}:en`, () => findUser(id, 'en')))
await manager.del(`user:${id}:en`)

// After: the key writes itself.
const cache = createAutocache({ store: cacheManagerStore(manager), namespace: 'shop' })
const user = cache.cached(findUser, { name: 'user', version: '1', ttl: '1m', earlyRefresh: 0.8 })
console.log(await user(id, 'en'))
await user.invalidate(id, 'en')

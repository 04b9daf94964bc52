import { createAutocache, type Entry } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { lruCacheStore } from '../../src/index.ts'

const findUser = async (id: string) => ({ id, name: `user ${id}` })
const slug = (title: string) => title.toLowerCase().replaceAll(' ', '-')

// Before: an LRUCache for each function.
const users = new LRUCache<string, { id: string; name: string }>({
  max: 500,
  ttl: 60_000,
  fetchMethod: (id) => findUser(id),
})
const slugs = new LRUCache<string, string>({ max: 500, memoMethod: slug })
console.log(await users.fetch('42'), slugs.memo('A Title'))

// After: one for all of them; what is asynchronous stays so, and what is not does too.
const cache = createAutocache({ store: lruCacheStore(new LRUCache<string, Entry>({ max: 1000 })) })
const user = cache.cached(findUser, { ttl: '1m' })
const slugged = cache.cached(slug)
console.log(await user('42'), slugged('A Title'))

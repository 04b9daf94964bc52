/**
 * One of several processes that race over one Redis: it ends keys of its own and calls for all of them. The world and what
 * was acknowledged stand in Redis as well, read by another client, so that no clock is compared.
 *
 * Arguments: the server, the namespace, this process, how many there are, how many invalidations to make.
 */
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvRedis, { createClient } from '@keyv/redis'
import { Keyv } from 'keyv'

const [url, namespace, own, processes, rounds] = process.argv.slice(2).map((text, at) => (at < 2 ? text : Number(text)))
const adapter = new KeyvRedis(url)
const keyv = new Keyv({ store: adapter, namespace })
const world = await createClient({ url }).connect()
const cache = createAutocache({ store: keyvStore(keyv), namespace, version: '1', ttl: '1h', storeTimeout: '30s' })
const keys = 20
const at = (what, key) => `${namespace}:${what}:${key}`
let fills = 0
const run = async (key) => {
  fills += 1
  return Number((await world.get(at('world', key))) ?? 0)
}
const known = cache.cached(run, { name: 'known', tags: ['any'] })
const told = cache.cached(run, { name: 'told', tags: (_value, key) => [`key:${key}`] })

let invalidations = 0
const stale = []
const call = async () => {
  while (invalidations < rounds) {
    const key = Math.floor(Math.random() * keys)
    const fn = Math.random() < 0.5 ? known : told
    const least = Number((await world.get(at('least', key))) ?? 0)
    const value = await fn(key)
    if (value < least) stale.push(`${fn.label}(${key}): ${value} after ${least}`)
  }
}
const end = async () => {
  for (; invalidations < rounds; invalidations++) {
    const key = own + processes * Math.floor((Math.random() * keys) / processes)
    const made = await world.incr(at('world', key))
    await Promise.all([known.invalidate(key), cache.invalidateTags(`key:${key}`)])
    await world.set(at('least', key), made)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
  }
}
await Promise.all([end(), ...Array.from({ length: 8 }, call)])
await cache.close()
process.send({ invalidations, fills, hits: cache.stats().total.hit ?? 0, stale })
await adapter.disconnect(true)
world.destroy()
process.disconnect()

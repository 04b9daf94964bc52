/** A process of a deployed build: asks for the four reports, and tells as JSON which of them it had to compute. */
import { openCache } from './cached.ts'
import { readSettings } from './settings.ts'
import { openStorage } from './storage.ts'

const storage = await openStorage(readSettings(process.argv.slice(2)))
const { cache, lonely, hubs, delays, carbon } = openCache(storage.keyv)
const computed: string[] = []
cache.on('fill', ({ label }) => void computed.push(label))
await Promise.all([lonely(10), hubs({ minutesToChange: 60 }), delays({ resamples: 200, seed: 1 }), carbon(450)])
await cache.close()
await storage.close()
console.log(JSON.stringify({ computed: computed.sort() }))

/**
 * What the program caches, and how. No version stands here: the build puts one on every function, made of its source and of
 * all that it reaches (`tsdown.config.ts` has the plugin).
 */
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import type { Keyv } from 'keyv'
import { airports, dataVersion } from './data.ts'
import { carbonForecast } from './reports/carbon-forecast.ts'
import { loneliestAirports } from './reports/loneliest-airports.ts'
import { transferHubs } from './reports/transfer-hubs.ts'
import { typicalDelays } from './reports/typical-delays.ts'

function findAirport(iata: string) {
  return airports().find((airport) => airport.iata === iata)
}

export function openCache(keyv: Keyv) {
  // 1. An instance over the user's own store, with what all its functions have in common.
  const cache = createAutocache({
    store: keyvStore(keyv), // a Keyv over SQLite or Redis
    namespace: 'quickstart', // the first part of every key
    ttl: '30d', // how long values are fresh
    deps: [dataVersion()], // an input that is no argument: other data, other keys
  })

  // 2. The functions. Each keeps its arguments, now promises its result, and gets methods such as `keyOf`.
  const lonely = cache.cached(loneliestAirports, { name: 'loneliestAirports' })
  const hubs = cache.cached(transferHubs, { name: 'transferHubs' })
  const delays = cache.cached(typicalDelays, { name: 'typicalDelays' })
  const carbon = cache.cached(carbonForecast, { name: 'carbonForecast' })
  return { cache, lonely, hubs, delays, carbon, findAirport: cache.cached(findAirport, { name: 'findAirport' }) }
}

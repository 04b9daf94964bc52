/**
 * The quickstart of autocache: four reports over real data, cached in an SQLite file or in Redis.
 *
 * Run it once and it computes; run it again, a new process, and it answers from the store. The reports in `reports/` are
 * plain functions that know nothing of caching. What caches them is here, in the steps 1 to 3.
 */
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import { askTwice } from './ask.ts'
import { airports, dataVersion } from './data.ts'
import { bold, printTable, sayProof, sayTrouble } from './print.ts'
import { proofs } from './proofs.ts'
import { carbonForecast } from './reports/carbon-forecast.ts'
import { loneliestAirports } from './reports/loneliest-airports.ts'
import { transferHubs } from './reports/transfer-hubs.ts'
import { typicalDelays } from './reports/typical-delays.ts'
import { help, readSettings, type Settings, Trouble } from './settings.ts'
import { openStorage, resetStorage } from './storage.ts'

async function quickstart(settings: Settings): Promise<boolean> {
  const storage = await openStorage(settings)
  try {
    // 1. An instance over the user's own store, with what all its functions have in common.
    const cache = createAutocache({
      store: keyvStore(storage.keyv), // a Keyv over SQLite or Redis
      namespace: 'quickstart', // the first part of every key
      ttl: '30d', // how long values are fresh
      version: '1', // raise it when the code of a report changes what it says
      deps: [dataVersion()], // an input that is no argument: other data, other keys
    })

    // 2. The functions. Each keeps its arguments, now promises its result, and gets methods such as `keyOf`.
    const lonely = cache.cached(loneliestAirports)
    const hubs = cache.cached(transferHubs)
    const delays = cache.cached(typicalDelays)
    const carbon = cache.cached(carbonForecast)
    const findAirport = cache.cached(function findAirport(iata: string) {
      return airports().find((airport) => airport.iata === iata)
    })

    // 3. The calls, each made twice: `lonely(10)`, `hubs({ minutesToChange: 60 })` and so on.
    const answers = [
      await askTwice(cache, lonely, 10),
      await askTwice(cache, hubs, { minutesToChange: 60 }),
      await askTwice(cache, delays, { resamples: 200, seed: 1 }),
      await askTwice(cache, carbon, 450),
    ]
    printTable(answers)
    console.log('')
    for (const { second } of answers) console.log(second.report.headline)

    // 4. What a table does not show. The last proof switches the store off.
    console.log(bold('\nAnd besides'))
    let allHold = true
    for await (const proof of proofs({ cache, storage, carbon, delays, findAirport })) {
      sayProof(proof)
      allHold &&= proof.holds
    }

    console.log(`\nThe entries are in ${storage.place}.`)
    console.log(
      'Run it again for the answers of the store; with --reset to throw them away (npm run quickstart -- --reset).',
    )
    return allHold
  } finally {
    await storage.close()
  }
}

process.stdout.on('error', () => process.exit()) // whoever reads has gone: `npm run quickstart | head`

try {
  const settings = readSettings(process.argv.slice(2))
  if (settings.help) console.log(help)
  else if (settings.reset) console.log(await resetStorage(settings))
  else if (!(await quickstart(settings))) process.exitCode = 1
} catch (error) {
  if (!(error instanceof Trouble)) throw error
  sayTrouble(error.message)
  process.exitCode = error.exitCode
}

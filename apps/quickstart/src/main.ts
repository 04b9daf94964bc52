/**
 * The quickstart of autocache: four reports over real data, cached in an SQLite file or in Redis.
 *
 * Run it once and it computes; run it again, a new process, and it answers from the store. The reports in `reports/` are
 * plain functions that know nothing of caching. What caches them is in `cached.ts` (steps 1 and 2) and here.
 */
import { askTwice } from './ask.ts'
import { openCache } from './cached.ts'
import { deploys } from './deploy.ts'
import { bold, printTable, sayDeploy, sayProof, sayTrouble } from './print.ts'
import { proofs } from './proofs.ts'
import { help, readSettings, type Settings, Trouble } from './settings.ts'
import { openStorage, resetStorage } from './storage.ts'

async function quickstart(settings: Settings): Promise<boolean> {
  const storage = await openStorage(settings)
  try {
    // 1. and 2. An instance over that store, and the functions it caches: `cached.ts`.
    const { cache, lonely, hubs, delays, carbon, findAirport } = openCache(storage.keyv)

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

    await storage.close()

    // 5. The code changes, and with it the versions: each deploy is a process of its own.
    console.log(bold('\nA deploy, and what it makes cold'))
    for await (const deploy of deploys(settings)) {
      sayDeploy(deploy)
      allHold &&= deploy.holds
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

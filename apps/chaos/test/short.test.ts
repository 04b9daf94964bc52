import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installed } from 'servers/redis-server'
import { afterAll, describe, expect, it } from 'vitest'
import { broken, type Results } from '../src/results.ts'
import { scenarios } from '../src/scenarios.ts'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'autocache-chaos-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Plays a scenario in its short form. */
function play(name: string): Promise<{ results: Results; output: string }> {
  const json = join(folder, `${name}.json`)
  const words = [program, '--short', '--only', name, '--json', json]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { timeout: 150_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const output = stdout + stderr
      try {
        resolve({ results: JSON.parse(readFileSync(json, 'utf8')) as Results, output })
      } catch {
        reject(new Error(`${name} was not played to its end: ${error?.message}\n${output}`))
      }
    })
  })
}

const here = process.env.CI || installed() ? describe : describe.skip
if (here !== describe) console.warn('SKIPPED: neither redis-server nor valkey-server is installed. This fails in CI.')

here('never a wrong value, never worse than no cache', { timeout: 180_000 }, () => {
  it.concurrent.each(scenarios.filter(({ long }) => !long).map(({ name, title }) => [name, title] as const))(
    '%s: %s',
    async (name) => {
      const { results, output } = await play(name)
      const [played] = results.scenarios
      expect(played!.rounds.length).toBeGreaterThan(0)
      for (const round of played!.rounds) {
        if (round.skipped !== undefined) {
          if (process.env.CI) throw new Error(`${name}, ${round.name} cannot be played here: ${round.skipped}`)
          console.warn(`SKIPPED ${name}, ${round.name}: ${round.skipped}`)
          continue
        }
        const { failed, wrong, unhandled } = round
        expect({ failed, wrong, unhandled }, output).toEqual({ failed: 0, wrong: 0, unhandled: 0 })
        // What depends on how fast the machine is, is judged by the long form alone.
        expect(broken(round, false), output).toEqual([])
      }
    },
  )
})

it('what is not there is said, and nothing is played', () => {
  const { status, stderr } = spawnSync(process.execPath, [program, '--only', 'nothing'], { encoding: 'utf8' })
  expect(stderr).toContain('there is no scenario nothing. There are: cold-key, killed-holder, killed,')
  expect(status).toBe(2)
})

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeWith, redisUrl } from 'servers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { help } from '../src/settings.ts'

// Each run computes, builds four times and starts eight processes.
vi.setConfig({ testTimeout: 300_000 })

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const reports = ['loneliestAirports', 'transferHubs', 'typicalDelays', 'carbonForecast']
const titles = [
  'a changed argument',
  'a cached undefined',
  'a Map and a Date',
  'a mutated result',
  'a store switched off',
]

/** What the deploy says, without the marks. */
const deploys = [
  'the reports as they are, built again and started',
  'a new process: nothing computed, all reports from the store',
  'a comment edited in typical-delays.ts',
  'autocache diff: nothing will be cold',
  'a new process: nothing computed, all reports from the store',
  'the radius of the earth edited in great-circle.ts',
  'autocache diff: loneliestAirports and transferHubs will be cold',
  'a new process: loneliestAirports and transferHubs computed, the other reports from the store',
  'that edit rolled back: what that version computed is still there',
  'autocache diff: nothing will be cold; the store has entries of the versions that loneliestAirports and transferHubs will have',
  'a new process: nothing computed, all reports from the store',
]

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program in a process of its own; one that does not end by itself has no status. */
function run(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ status: error ? ((error.code as unknown as number | undefined) ?? null) : 0, stdout, stderr })
    })
  })
}

/** The table's rows as `report state key`. */
function table({ stdout }: Outcome): string[] {
  return stdout
    .split('\n')
    .map((line) => line.split(/ {3,}/))
    .filter(([name]) => reports.includes(name!))
    .map((cells) => [cells[0], cells[4], cells[5]].join(' '))
}

const deployed = ({ stdout }: Outcome) =>
  (stdout.split('A deploy, and what it makes cold\n')[1] ?? '')
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => line.replace(/^(?:ok|FAILED)? +/, ''))

const proven = ({ stdout }: Outcome) =>
  [...stdout.split('\nA deploy')[0]!.matchAll(/^ok (.+?): /gm)].map(([, title]) => title)
const states = (outcome: Outcome) => table(outcome).map((row) => row.split(' ').slice(1, -1).join(' '))
const all = (state: string) => reports.map(() => state)

/** Two runs over an empty storage: the first computes, the second, another process, does not. */
async function runTwice(...where: string[]): Promise<Outcome> {
  const first = await run(...where)
  expect(first).toMatchObject({ status: 0, stderr: '' })
  expect(states(first)).toEqual(all('computed'))
  expect(proven(first)).toEqual(titles)
  expect(deployed(first)).toEqual(deploys)

  const second = await run(...where)
  expect(second).toMatchObject({ status: 0, stderr: '' })
  expect(states(second)).toEqual(all('from store'))
  expect(proven(second)).toEqual(titles)
  expect(deployed(second)).toEqual(deploys)
  expect(table(second)).toEqual(table(first).map((row) => row.replace('computed', 'from store')))
  return second
}

let folder: string
beforeAll(() => {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`)
  folder = mkdtempSync(join(tmpdir(), 'autocache quickstart '))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the quickstart on SQLite', () => {
  it('computes in the first process and answers from the file in the second', async () => {
    const file = join(folder, 'two runs.sqlite')
    const { stdout } = await runTwice('--file', file)
    expect(stdout).toContain(`The entries are in ${file}.`)
  })

  it('carries versions that the build put there', async () => {
    const { stdout } = await run('--file', join(folder, 'off.sqlite'))
    expect(stdout).toMatch(/quickstart:loneliestAirports:s1-[a-z2-7]{26}:/)
  })

  it('says that no call failed when the store was switched off, and names the functions that ran', async () => {
    const { stdout } = await run('--file', join(folder, 'off.sqlite'))
    expect(stdout).toMatch(
      /^ok a store switched off: 3 calls, 0 failed; the functions ran 3 times, and [1-9]\d* store/m,
    )
  })

  it('writes plain text where nobody looks', async () => {
    const { stdout } = await run('--file', join(folder, 'off.sqlite'))
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/)
  })

  it('throws its entries away with --reset and computes again', async () => {
    const file = join(folder, 'reset.sqlite')
    expect(await run('--file', file, '--reset')).toMatchObject({ status: 0, stdout: `There is no ${file}.\n` })
    await run('--file', file)
    expect(await run('--file', file, '--reset')).toMatchObject({
      status: 0,
      stdout: `Removed the quickstart's entries from ${file}.\n`,
    })
    expect(states(await run('--file', file))).toEqual(all('computed'))
  })
})

describe('bad input', () => {
  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['an unknown option', ['--rediss']],
    ['a word too many', ['redis://127.0.0.1']],
    ['--redis without a URL', ['--redis']],
    ['--redis with another URL', ['--redis', 'http://127.0.0.1']],
    ['--file without a path', ['--file', '']],
    ['two places', ['--file', 'x', '--redis', 'redis://127.0.0.1']],
  ]
  it.each(wrong)('%s is refused with the help and status 2', async (_, args) => {
    const { status, stdout, stderr } = await run(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^quickstart: /)
    expect(stderr).toContain(help)
  })

  it('a file that is no database is an error in one sentence, and stays as it is', async () => {
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'These are notes and no database. '.repeat(100))
    for (const args of [[], ['--reset']]) {
      const { status, stdout, stderr } = await run('--file', file, ...args)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(/^quickstart: cannot use .+notes\.txt: .+\nGive another place: --file PATH\n$/)
    }
    expect(readFileSync(file, 'utf8')).toContain('notes')
  })

  it('a place that cannot be written is an error in one sentence', async () => {
    const { status, stderr } = await run('--file', join(folder, 'no', 'such', 'folder.sqlite'))
    expect(status).toBe(1)
    expect(stderr).toMatch(/^quickstart: cannot write .+\nGive another place: --file PATH\n$/)
  })

  it('a Redis that does not answer is an error that does not show the password', async () => {
    const { status, stderr } = await run('--redis', 'redis://me:secret@127.0.0.1:1')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^quickstart: Redis at 127\.0\.0\.1:1 does not answer: .+\n$/)
    expect(stderr).not.toContain('secret')
  })
})

;(await describeWith(redisUrl))('the quickstart on Redis', () => {
  it('computes in the first process and answers from Redis in the second', async () => {
    expect(await run('--redis', redisUrl, '--reset')).toMatchObject({ status: 0 })
    const { stdout } = await runTwice('--redis', redisUrl)
    expect(stdout).toContain(`The entries are in Redis at ${new URL(redisUrl).host}.`)
    expect(await run('--redis', redisUrl, '--reset')).toMatchObject({ status: 0 })
  })
})

describe('the README', () => {
  it('names every option of the help, and no other', () => {
    const options = (text: string) => [...new Set(text.match(/(?<![\w-])--[a-z]+/g))].sort()
    expect(options(readme)).toEqual(options(help))
  })

  it('names every report and every proof', () => {
    for (const name of [...reports, ...titles]) expect(readme).toContain(name)
  })

  it('has no figures, because the program prints them', () => {
    expect(readme).not.toMatch(/\d\s*(ms|s|x|times|seconds|milliseconds)\b/)
  })
})

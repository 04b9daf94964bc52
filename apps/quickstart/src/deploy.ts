/**
 * A deploy, played: the sources of the reports are copied, edited, built and started as a process of their own, three times.
 * Before each start the command `autocache diff` tells what it will cost; then the process tells what it did cost.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocache from '@autocache/unplugin/rolldown'
import { rolldown } from 'rolldown'
import type { Settings } from './settings.ts'

/** What was deployed, what the command said of it beforehand, and what ran. */
export interface Deploy {
  readonly title: string
  /** Nothing for the first: there is nothing to compare with. */
  readonly foretold: Foretold | undefined
  readonly computed: readonly string[]
  readonly holds: boolean
}

/** What `autocache diff` says of a deploy: functions that it makes cold, and such as have entries of their new version in the store. */
export interface Foretold {
  readonly cold: readonly string[]
  readonly stored: readonly string[]
}

const home = fileURLToPath(new URL('..', import.meta.url))
const bin = join(dirname(createRequire(import.meta.url).resolve('@autocache/cli/package.json')), 'dist/bin.js')
const execute = promisify(execFile)

/** A copy of the sources, as a checkout of them would be. */
class Checkout {
  readonly folder: string

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'autocache-deploy-')))
    for (const file of ['cached.ts', 'data.ts', 'serve.ts', 'settings.ts', 'storage.ts', 'reports'])
      cpSync(join(home, 'src', file), join(this.folder, 'src', file), { recursive: true })
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "reports", "private": true, "type": "module" }\n')
    symlinkSync(join(home, 'node_modules'), join(this.folder, 'node_modules'), 'junction')
  }

  /** Edits a file. @returns what takes the edit back */
  edit(file: string, from: string, to: string): () => void {
    const path = join(this.folder, file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`${file} does not have the text ${from}`)
    writeFileSync(path, text.replace(from, to))
    return () => writeFileSync(path, text)
  }

  /** Runs the command. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await execute(process.execPath, [bin, '--root', this.folder, ...args])
    return stdout
  }

  /** Builds and starts a process. @returns the functions that ran */
  async deploy({ redis, file }: Settings): Promise<readonly string[]> {
    const bundle = await rolldown({
      input: join(this.folder, 'src/serve.ts'),
      platform: 'node',
      external: /^[^./]/,
      plugins: [autocache({ root: this.folder, report: 'error' })],
    })
    mkdirSync(join(this.folder, 'dist'), { recursive: true })
    await bundle.write({ file: join(this.folder, 'dist/serve.js'), codeSplitting: false })
    await bundle.close()
    const where = redis === undefined ? ['--file', resolve(file)] : ['--redis', redis]
    const { stdout } = await execute(process.execPath, [join(this.folder, 'dist/serve.js'), ...where])
    return (JSON.parse(stdout) as { computed: string[] }).computed
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Plays it. The reports have been asked for already, so that the first process finds all of them. */
export async function* deploys(settings: Settings): AsyncGenerator<Deploy> {
  const checkout = new Checkout()
  const manifest = join(checkout.folder, 'deployed.json')
  try {
    const deploy = async (title: string, expected: readonly string[], isFirst = false): Promise<Deploy> => {
      const foretold = isFirst ? undefined : await foretell(checkout, manifest, settings)
      const [computed] = await Promise.all([checkout.deploy(settings), checkout.command('manifest', '--out', manifest)])
      const isForetold = foretold === undefined || String(computed) === String(foretold.cold)
      return { title, foretold, computed, holds: isForetold && String(computed) === String(expected) }
    }
    yield await deploy('the reports as they are, built again and started', [], true)
    checkout.edit('src/reports/typical-delays.ts', 'The groups of flights, in miles.', 'How flights are grouped.')
    yield await deploy('a comment edited in typical-delays.ts', [])
    // Another radius every time: of one that was deployed before, the values would still be there.
    const radius = `6371.0${Date.now() % 100_000_000}`
    const rollBack = checkout.edit('src/reports/great-circle.ts', '6371.0088', radius)
    const dependents = ['loneliestAirports', 'transferHubs']
    yield await deploy('the radius of the earth edited in great-circle.ts', dependents)
    rollBack()
    yield await deploy('that edit rolled back: what that version computed is still there', [])
  } finally {
    checkout.remove()
  }
}

/** What `autocache diff` says of the sources as they are, having looked into the store. */
async function foretell(checkout: Checkout, manifest: string, { redis, file }: Settings): Promise<Foretold> {
  const store = redis ?? `sqlite:${resolve(file)}`
  const said = await checkout.command('diff', manifest, '--json', '--store', store, '--namespace', 'quickstart')
  const { cold } = JSON.parse(said) as { cold: { label: string; stored: number }[] }
  const labels = (isStored: boolean) =>
    cold.flatMap(({ label, stored }) => (stored > 0 === isStored ? label : [])).sort()
  return { cold: labels(false), stored: labels(true) }
}

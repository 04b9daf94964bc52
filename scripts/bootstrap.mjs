// Runs a command of this repository on a machine that has only Node and npm: node scripts/bootstrap.mjs <command>
//
// It installs the dependencies when they are missing or stale, then runs the command with node_modules/.bin first on
// PATH. It has no dependencies, needs no git and writes nothing outside this folder but npm's and pnpm's own caches.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const turboBuild = ['turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream']

/** What each command runs, in order. Arguments after the command go to its last step. */
const commands = {
  quickstart: [
    [...turboBuild, '--filter=quickstart'],
    ['node', 'apps/quickstart/dist/main.js'],
  ],
  bench: [
    [...turboBuild, '--filter=bench'],
    ['node', 'apps/bench/dist/main.js'],
  ],
  chaos: [
    [...turboBuild, '--filter=chaos'],
    ['node', 'apps/chaos/dist/main.js'],
  ],
  test: [turboBuild, ['node', 'scripts/test.mjs']],
  'test:types': [['vitest', 'run', '.test-d.ts']],
  'test:runtimes': [turboBuild, ['node', 'scripts/runtimes.mjs']],
  check: [['node', 'scripts/check.mjs']],
  build: [turboBuild],
  format: [['biome', 'check', '--write', '.']],
  pack: [turboBuild, ['node', 'scripts/pack.mjs']],
  api: [turboBuild, ['node', 'scripts/api-report.mjs', '--update']],
}

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file) => readFileSync(join(root, file), 'utf8')
const { packageManager, engines } = JSON.parse(read('package.json'))
const say = (text) => console.log(`autocache: ${text}`)

function stop(text) {
  console.error(`autocache: ${text}`)
  process.exit(1)
}

function checkNode() {
  const wanted = engines.node.replace('>=', '').split('.').map(Number)
  const found = process.versions.node.split('.').map(Number)
  const different = wanted.findIndex((part, index) => part !== found[index])
  if (different >= 0 && found[different] < wanted[different])
    stop(`this is Node ${process.versions.node}; Node ${engines.node} is needed (https://nodejs.org).`)
}

/** Installs unless the last install was of the same lockfile on the same platform. */
async function install() {
  const stampFile = join(root, 'node_modules', '.autocache-installed')
  const inputs = [read('pnpm-lock.yaml'), read('pnpm-workspace.yaml'), process.platform, process.arch]
  const stamp = createHash('sha256').update(inputs.join('\0')).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return

  say(`installing dependencies with ${packageManager}.`)
  say("SQLite's driver is compiled where no prebuilt one can be downloaded; that takes about a minute, once.")
  const started = Date.now()
  // pnpm has one store for each file system; both installs must meet in one.
  const shared = /\s/.test(root) ? [`--store-dir=${join(root, '.cache', 'pnpm-store')}`] : []
  if (shared.length > 0) await installElsewhere(shared)
  await pnpmInstall(root, shared)
  writeFileSync(stampFile, stamp)
  say(`installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** node-gyp cannot compile in a path with a space. It can in a copy of our manifests; pnpm's store keeps what it made. */
async function installElsewhere(options) {
  const folder = mkdtempSync(join(tmpdir(), 'autocache-install-'))
  say(`the path of this folder has a space; what must be compiled is compiled in ${folder}.`)
  const manifests = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']
  for (const group of ['packages', 'apps', 'integrations'])
    for (const name of readdirSync(join(root, group))) manifests.push(join(group, name, 'package.json'))
  for (const file of manifests) if (existsSync(join(root, file))) cpSync(join(root, file), join(folder, file))
  await pnpmInstall(folder, options)
  rmSync(folder, { recursive: true, force: true })
}

/** Shows progress, hides a compiler's warnings, and shows the end of everything when it fails. */
function pnpmInstall(folder, extra) {
  const started = Date.now()
  const lines = []
  const hidden = / (pre|post)?install: |^npm warn|Unsupported engine/
  const onLine = (line) => {
    lines.push(line)
    if (line.trim() !== '' && !hidden.test(line)) console.log(`  ${line}`)
  }
  const alive = setInterval(() => {
    const compiled = /([^/]+) install: /.exec(lines.at(-1))?.[1]
    const seconds = Math.round((Date.now() - started) / 1000)
    say(`still ${compiled ? `compiling ${compiled}` : 'installing'} (${seconds} s)`)
  }, 10_000)

  // Through npm, not pnpm directly: npm passes its own settings (a registry, `nodedir`) on to native builds.
  const pnpm = ['exec', '--yes', `--package=${packageManager}`, '--', 'pnpm']
  // CI=true: pnpm never stops to ask a question, which nobody would see.
  const options = { cwd: folder, env: { ...process.env, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] }
  const child = spawn('npm', [...pnpm, 'install', '--frozen-lockfile', '--reporter=append-only', ...extra], options)
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine)
  return new Promise((resolve) => {
    child.on('error', (error) => stop(`cannot start npm: ${error.message}`))
    child.on('close', (status) => {
      clearInterval(alive)
      if (status !== 0)
        stop(`${lines.slice(-60).join('\n')}\nautocache: the installation failed; the lines above say why.`)
      resolve()
    })
  })
}

/** Runs the steps of a command one after another and ends with the status of the first that fails. */
function run(steps, extra) {
  const env = {
    ...process.env,
    PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  }
  steps.forEach(([command, ...args], index) => {
    if (command === 'turbo') say('building what has changed.')
    const all = index === steps.length - 1 ? [...args, ...extra] : args
    const { status, error } = spawnSync(command, all, { cwd: root, env, stdio: 'inherit' })
    if (error) stop(`cannot start ${command}: ${error.message}`)
    if (status !== 0) process.exit(status ?? 1)
  })
}

const [name, ...extra] = process.argv.slice(2)
const steps = Object.hasOwn(commands, name) ? commands[name] : stop(`use one of: ${Object.keys(commands).join(', ')}`)
checkNode()
await install()
run(steps, extra)

// Everything but the tests: format, lint, import law, types, unused code, packed packages, size, public API.
// Prints a line for each step, the output of those that fail, and `N passed, N failed`.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from './pack.mjs'

const projects = ['packages', 'apps', 'integrations']
  .flatMap((group) => readdirSync(group).map((name) => `${group}/${name}`))
  .flatMap((folder) => [folder, `${folder}/test/legacy`])
  .concat('scripts')
  .filter((folder) => existsSync(`${folder}/tsconfig.json`))

const temporary = mkdtempSync(join(tmpdir(), 'autocache-check-'))

/** Each step is the commands it runs; all of them, so that one run shows every complaint. */
const steps = {
  'format and lint': () => [['biome', 'ci', '--error-on-warnings', '--colors=off', '.']],
  'import law': () => [['node', 'scripts/import-law.mjs']],
  // The application of Next takes our packages as they are built, because Next reads its tsconfig as well.
  build: () => [['turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream']],
  types: () => projects.map((folder) => ['tsc', '--project', folder]),
  'unused code': () => [['knip', '--treat-config-hints-as-errors']],
  'packed packages': () =>
    packAll(temporary).flatMap(({ tarball }) => [
      ['publint', '--strict', tarball],
      ['attw', '--profile', 'esm-only', '--no-emoji', '--no-color', tarball],
    ]),
  size: () => [['size-limit']],
  'public API': () => [['node', 'scripts/api-report.mjs']],
  changesets: () => (onBranch() ? [['changeset', 'status', '--since=main']] : []),
}

/** Whether there is a local main to compare with; not so in a copy without git, or on main itself. */
function onBranch() {
  const git = (...args) => spawnSync('git', args, { encoding: 'utf8' })
  const [head, main] = ['HEAD', 'main'].map((name) => git('rev-parse', '--verify', '--quiet', name).stdout)
  return Boolean(main) && head !== main
}

let failed = 0
for (const [name, commands] of Object.entries(steps)) {
  const started = Date.now()
  const complaints = await run(commands)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`${complaints === '' ? 'ok    ' : 'FAILED'}  ${name.padEnd(18)}${seconds.padStart(6)} s`)
  if (complaints === '') continue
  failed += 1
  console.log(complaints)
}
rmSync(temporary, { recursive: true, force: true })
console.log(`\n${Object.keys(steps).length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** The output of those commands that failed, in their order; as many run at a time as there are cores. */
async function run(commands) {
  try {
    const left = commands().entries()
    const complaints = []
    const work = async () => {
      for (const [place, command] of left) complaints[place] = await complaintOf(command)
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    return complaints.join('')
  } catch (error) {
    return `${error.message}\n${error.stderr ?? ''}`
  }
}

function complaintOf([command, ...args]) {
  return new Promise((resolve) => {
    execFile(command, args, { encoding: 'utf8', maxBuffer: Infinity }, (error, stdout, stderr) => {
      if (error === null) return resolve('')
      // A command that did not start, or was ended, has no status and may have said nothing.
      const how = typeof error.code === 'number' ? '' : `${error.message}\n`
      resolve(`$ ${[command, ...args].join(' ')}\n${how}${stdout}${stderr}\n`)
    })
  })
}

// Runs core's tests in every runtime it is meant for: node scripts/runtimes.mjs [--short] [runtime...]
//
// Node, Bun and Deno run Vitest; workerd and Chromium run the same test files in a bundle (docs/decisions/0009-runtimes.md).
// `--short` runs fewer files under Vitest. A runtime that is missing fails in CI and is skipped elsewhere, with the reason.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { checkBunDiagnostics, checkLoaders, runToEnd } from '../integrations/shells/test/support/loaders.mjs'
import { bundleProgram, bundleTests, testFiles } from './runtimes/bundle.mjs'
import { outcome, serveChromium, serveWorkerd } from './runtimes/hosts.mjs'
import { entriesOf, reasonToSkip, shortFiles } from './runtimes/tests.mjs'

const cache = resolve('.cache/runtimes')
const { platform, arch } = process
const target = `${platform}-${arch}`
const short = process.argv.includes('--short')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

/** By runtime: the npm packages that hold its program, by platform; or how to find it. */
const nodePackages = (major) => ({ 'linux-x64': `node${major}-linux-x64`, 'linux-arm64': `node${major}-linux-arm64` })
const runtimes = {
  ...Object.fromEntries([20, 22, 24, 26].map((major) => [`node${major}`, vitest(nodePackages(major), 'bin/node', [])])),
  bun: vitest(
    {
      'linux-x64': '@oven/bun-linux-x64',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-x64': '@oven/bun-darwin-x64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
    },
    'bin/bun',
    ['--bun'],
  ),
  // Its packages for other platforms could not be installed at this version.
  deno: vitest({ 'linux-x64': '@deno/linux-x64-glibc' }, 'deno', ['run', '--allow-all']),
  workerd: {
    find: fromPackage(
      {
        'linux-x64': '@cloudflare/workerd-linux-64',
        'linux-arm64': '@cloudflare/workerd-linux-arm64',
        'darwin-x64': '@cloudflare/workerd-darwin-64',
        'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
      },
      'bin/workerd',
    ),
    run: (program) => runBundled('workerd', program),
  },
  browser: { find: findChromium, run: (program) => runBundled('browser', program) },
}

function vitest(packages, path, args) {
  return { find: fromPackage(packages, path), run: (program, name) => runVitest(name, program, args) }
}

/** Where a package's program is, or why it is nowhere. */
function fromPackage(packages, path) {
  return () => {
    const name = packages[target]
    if (name === undefined) return { missing: `no npm package has it for ${target}` }
    const program = join(cache, 'node_modules', name, path)
    return existsSync(program) ? { program } : { missing: `${name} is not installed` }
  }
}

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`)
  const places = [...names, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  const program = places.find((place) => existsSync(place))
  return program ? { program } : { missing: 'no Chromium (Debian: apt-get install chromium)' }
}

/** Installs the packages of scripts/runtimes/package.json unless they are there. None of their scripts runs. */
function install() {
  const manifests = ['package.json', 'package-lock.json']
  const texts = manifests.map((file) => readFileSync(join('scripts/runtimes', file)))
  const stamp = createHash('sha256').update(Buffer.concat(texts)).update(target).digest('hex')
  const stampFile = join(cache, 'installed')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.log('runtimes: installing them into .cache/runtimes (about 1 GB)')
  mkdirSync(cache, { recursive: true })
  for (const file of manifests) copyFileSync(join('scripts/runtimes', file), join(cache, file))
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: cache, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}${stderr}`)
  writeFileSync(stampFile, stamp)
}

/** @typedef {{ file: string, name: string, state: 'pass' | 'fail' | 'skip', note?: string, error?: string }} Result */

const tool = (name) => createRequire(join(cache, 'package.json'))(name)

/** @returns {Promise<{ version: string, results: Result[] }>} */
async function runVitest(name, program, args) {
  const output = join(cache, name, 'report.json')
  rmSync(output, { force: true })
  const version = (await runToEnd(program, ['--version'])).stdout.match(/\d+\.\d+\.\d+/)[0]
  const { status, stdout, stderr } = await runToEnd(
    program,
    [
      ...[...args, 'node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/runtimes/vitest.config.mjs'],
      ...['--reporter=json', `--outputFile=${output}`, ...(short ? shortFiles : [])],
    ],
    { env: { ...process.env, AUTOCACHE_RUNTIME: name, AUTOCACHE_RUNTIME_VERSION: version } },
  )
  const results = []
  const states = { passed: 'pass', failed: 'fail' }
  for (const file of existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')).testResults : []) {
    const path = file.name.slice(file.name.indexOf('test/', file.name.indexOf('packages/core')))
    for (const { ancestorTitles, title, status: state, failureMessages } of file.assertionResults) {
      const titles = [...ancestorTitles.filter(Boolean), title].join(' > ')
      const note = reasonToSkip(name, path, titles)
      results.push({
        file: path,
        name: titles,
        state: states[state] ?? 'skip',
        note,
        error: failureMessages?.join('\n'),
      })
    }
    if (file.status === 'failed' && !results.some((result) => result.file === path && result.state === 'fail'))
      results.push({ file: path, name: 'the file', state: 'fail', error: file.message })
  }
  // An unhandled error outside the tests, or a run without a report.
  if (results.length === 0 || (status !== 0 && !results.some(({ state }) => state === 'fail')))
    results.push({ file: 'vitest', name: `exit ${status}`, state: 'fail', error: `${stdout}${stderr}`.slice(-4000) })
  results.push({ ...programResult, ...(await runProgram(name, program)) })
  // Deno has no such hooks.
  if (name !== 'deno') results.push({ ...loaderResult, ...(await checkLoaders(name, program, { afterEach: !short })) })
  if (name === 'bun') results.push({ ...diagnosticsResult, ...(await checkBunDiagnostics(program)) })
  return { version, results }
}

const programResult = { file: 'program', name: 'a program over the built package' }
const diagnosticsResult = { file: 'loader', name: 'a diagnostic of level error fails a build, with its place' }
const loaderResult = { file: 'loader', name: 'the loader stamps as the builds do' }

async function runProgram(name, program) {
  const outfile = join(cache, name, 'program.mjs')
  const condition = name.startsWith('node') ? 'node' : name
  const target = { outfile, conditions: [condition], platform: 'node', entry: 'native.mjs' }
  await bundleProgram(tool('esbuild'), target)
  const { status, stdout, stderr } = await runToEnd(program, [outfile])
  return status === 0 ? outcome(JSON.parse(stdout)) : { state: 'fail', error: `exit ${status}\n${stdout}${stderr}` }
}

/** Runs the bundle of the test files, and a bundled program that uses the built package. */
async function runBundled(name, program) {
  const esbuild = tool('esbuild')
  const conditions = name === 'workerd' ? ['workerd', 'worker', 'browser'] : ['browser']
  const files = testFiles().filter((file) => !entriesOf(name).some((entry) => entry.file === file && !entry.title))
  const folder = join(cache, name)
  await bundleTests(esbuild, { runtime: name, outfile: join(folder, 'tests.mjs'), conditions, files })
  await bundleProgram(esbuild, { outfile: join(folder, 'program.mjs'), conditions })

  const host = await (name === 'workerd'
    ? serveWorkerd(program, folder)
    : serveChromium(program, folder, tool('playwright-core').chromium))
  const results = []
  try {
    for (const file of files) {
      try {
        results.push(...(await host.runTests(file)).map((result) => ({ file, ...result })))
      } catch (error) {
        results.push({ file, name: 'the file', state: 'fail', error: error.message })
      }
    }
    results.push({ ...programResult, ...(await host.runProgram()) })
  } finally {
    await host.close()
  }
  return { version: host.version, results }
}

/** The exclusions that excluded nothing: whoever fixed the reason removes the entry. */
const idleEntries = (name, results, files) =>
  entriesOf(name)
    .filter(({ file, title }) => title && files.includes(file))
    .filter(({ file, reason }) => !results.some((result) => result.file === file && result.note === reason))
    .map(({ file, title }) => ({ file, name: `the exclusion ${title}`, state: 'fail', error: 'matches no test' }))

const indent = (text) => text.replace(/^/gm, '      ')

function tell(name, { version, results }, seconds) {
  const of = (state) => results.filter((result) => result.state === state)
  const counts = `${of('pass').length} passed, ${of('fail').length} failed, ${of('skip').length} skipped`
  console.log(`${`${name} ${version}`.padEnd(24)}${counts.padEnd(42)}${seconds.toFixed(1).padStart(6)} s`)
  for (const { file, title, reason } of entriesOf(name)) if (!title) console.log(`    not run   ${file}: ${reason}`)
  for (const [reason, skipped] of groupBy(of('skip'), reasonOf))
    console.log(`    skipped   ${String(skipped.length).padStart(3)} ${reason}`)
  for (const { file, name, error } of of('fail')) {
    const lines = stripVTControlCharacters(error ?? '').split('\n')
    const telling = lines.filter(
      (line) => line.trim() !== '' && !/^\s*at .*(node_modules|tests\.mjs|native|<anonymous>)/.test(line),
    )
    console.log(`    FAILED    ${file} > ${name}\n${indent(telling.slice(0, 12).join('\n'))}`)
  }
}

const reasonOf = ({ file, note }) => `${file}: ${note ?? 'as the test itself says'}`

function groupBy(list, keyOf) {
  const groups = new Map()
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

const unknown = wanted.filter((name) => !Object.hasOwn(runtimes, name))
if (unknown.length > 0) throw new Error(`no runtime ${unknown}; use some of ${Object.keys(runtimes).join(', ')}`)
install()
const total = { pass: 0, fail: 0, skip: 0 }
// Two at a time: those that run Vitest, and beside them those that take the bundle.
const bundled = ['workerd', 'browser']
const names = Object.keys(runtimes).filter((name) => wanted.length === 0 || wanted.includes(name))
const lanes = [names.filter((name) => !bundled.includes(name)), names.filter((name) => bundled.includes(name))]
await Promise.all(
  lanes.map(async (lane) => {
    for (const name of lane) await test(name)
  }),
)

async function test(name) {
  const { find, run } = runtimes[name]
  const { program, missing } = find()
  if (missing) {
    console.log(`${name.padEnd(24)}${process.env.CI ? 'FAILED' : 'SKIPPED'}: ${missing}`)
    total[process.env.CI ? 'fail' : 'skip'] += 1
    return
  }
  const started = Date.now()
  let ran
  try {
    ran = await run(program, name)
  } catch (error) {
    ran = { version: '', results: [{ file: name, name: 'the run', state: 'fail', error: error.stack }] }
  }
  ran.results.push(...idleEntries(name, ran.results, short && !bundled.includes(name) ? shortFiles : testFiles()))
  for (const { state } of ran.results) total[state] += 1
  tell(name, ran, (Date.now() - started) / 1000)
}
console.log(`\n${total.pass} passed, ${total.fail} failed${total.skip > 0 ? `, ${total.skip} skipped` : ''}`)
process.exitCode = total.fail > 0 ? 1 : 0

// What the shells cost while one works: node integrations/shells/measure.mjs [--check | --json]
//
// A program of 300 modules, every third with a cached function. With and without are measured in one run, in turn. `--check` exits 1
// where an update of the dev server takes more than 50 ms longer, or a cached function more than 200 bytes. `npm run bench -- compiler` calls it.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { copyProject, removeProject } from './test/support/project.mjs'

const bars = { milliseconds: 50, bytes: 200 }
const modules = 300
const rounds = 15

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const figure = (value) => value.toFixed(1).padStart(8)

/** Modules that import their neighbours; all that a cached function of one of them reaches is in its version. */
function generate(root) {
  mkdirSync(join(root, 'src/many'), { recursive: true })
  for (let place = 0; place < modules; place++) {
    const next =
      place + 1 < modules && place % 10 !== 9 ? `import { value${place + 1} } from './m${place + 1}.js'\n` : ''
    const cached = place % 3 === 0
    writeFileSync(
      join(root, `src/many/m${place}.js`),
      [
        cached ? "import { cached } from '@autocache/core'" : '',
        `${next}const factor = ${place}`,
        `export const value${place} = (n) => n * factor${next ? ` + value${place + 1}(n)` : ''}`,
        ...Array.from({ length: 20 }, (_, line) => `export const extra${place}_${line} = (n) => n + ${line}`),
        cached ? `export const cached${place} = cached((n) => value${place}(n))` : '',
      ].join('\n'),
    )
  }
  const all = Array.from({ length: modules }, (_, place) => `import './m${place}.js'`)
  writeFileSync(join(root, 'src/many/index.js'), `${all.join('\n')}\nimport.meta.hot?.accept()\n`)
  writeFileSync(join(root, 'src/many/run.js'), all.join('\n'))
}

async function devServer(root, ...args) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test/support/dev.mjs'), ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { ok, value, error } = JSON.parse((await lines.next()).value)
    if (!ok) throw new Error(error)
    return value
  }
  await answer()
  const ask = (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return answer()
  }
  for (const url of ['index', ...Array.from({ length: modules }, (_, place) => `m${place}`)])
    await ask({ kind: 'version', url: `/src/many/${url}.js` })
  return { ask, stop: () => child.kill() }
}

/** Milliseconds from the watcher's word until everything that changed was transformed again. */
async function measureUpdates(roots) {
  const servers = { without: await devServer(roots[0], '--without'), with: await devServer(roots[1]) }
  const edits = {
    'a body': { file: 'src/many/m5.js', pick: (round) => `const factor = ${round + 1000}` },
    'a new export': {
      file: 'src/many/m5.js',
      pick: (round) => `const factor = ${round}\nexport const more${round} = ${round}`,
    },
  }
  const taken = {}
  for (const [name, { file, pick }] of Object.entries(edits)) {
    taken[name] = { with: [], without: [] }
    for (let round = 0; round < rounds; round++) {
      for (const [which, { ask }] of Object.entries(servers)) {
        const urls = [5, 4, 3, 2, 1, 0].map((place) => `/src/many/m${place}.js`)
        const { milliseconds } = await ask({
          kind: 'line',
          file,
          start: 'const factor',
          text: pick(round * 2 + Number(which === 'with')),
          urls,
        })
        taken[name][which].push(milliseconds)
        // A watcher takes edits that come at once for one.
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    }
  }
  for (const { stop } of Object.values(servers)) stop()
  return taken
}

function startUps(root) {
  const variants = {
    node: ['src/many/run.js'],
    'node, with the loader': ['--import', '@autocache/unplugin/register', 'src/many/run.js'],
    'node --import tsx': ['--import', 'tsx', 'src/many/run.js'],
    'node --import tsx, with the loader': [
      '--import',
      '@autocache/unplugin/register',
      '--import',
      'tsx',
      'src/many/run.js',
    ],
  }
  const taken = Object.fromEntries(Object.keys(variants).map((name) => [name, []]))
  for (let round = 0; round < 7; round++) {
    for (const [name, args] of Object.entries(variants)) {
      const started = performance.now()
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      // The first round fills the caches on the disk.
      if (round > 0) taken[name].push(performance.now() - started)
    }
  }
  return taken
}

/** What a cached function adds to a bundle of esbuild, minified and compressed, the import of the runtime included. */
async function measureBytes(root) {
  const { build } = await import('esbuild')
  const { default: autocache } = await import(
    pathToFileURL(join(root, 'node_modules/@autocache/unplugin/dist/esbuild.js'))
  )
  const sizeWith = async (...plugins) => {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: ['src/many/run.js'],
      bundle: true,
      write: false,
      format: 'esm',
      minify: true,
      external: ['@autocache/*'],
      plugins,
    })
    return gzipSync(outputFiles[0].contents, { level: 9 }).length
  }
  const functions = Math.ceil(modules / 3)
  return ((await sizeWith(autocache({ root, report: 'none' }))) - (await sizeWith())) / functions
}

// One for each dev server: both would see the edits of the other.
const roots = [copyProject('measure'), copyProject('measure')]
try {
  for (const root of roots) generate(root)
  const updates = Object.entries(await measureUpdates(roots)).map(([name, taken]) => {
    const [without, withIt] = [median(taken.without), median(taken.with)]
    return { name, without, with: withIt, extra: withIt - without }
  })
  const starts = Object.entries(startUps(roots[1])).map(([name, taken]) => ({ name, milliseconds: median(taken) }))
  const bytes = await measureBytes(roots[0])
  if (process.argv.includes('--json')) console.log(JSON.stringify({ modules, rounds, updates, starts, bytes }))
  else {
    console.log(`${modules} modules, every third with a cached function; medians, in milliseconds\n`)
    console.log('an update of the dev server of Vite    without      with     extra')
    for (const { name, without, with: withIt, extra } of updates)
      console.log(`  ${name.padEnd(34)}${figure(without)}  ${figure(withIt)}  ${figure(extra)}`)
    console.log('\na start of a program')
    for (const { name, milliseconds } of starts) console.log(`  ${name.padEnd(34)}${figure(milliseconds)}`)
    console.log(`\nbytes that a cached function adds to a bundle, minified and compressed: ${bytes.toFixed(0)}`)
  }
  const missed = updates.some(({ extra }) => extra > bars.milliseconds) || bytes > bars.bytes
  if (process.argv.includes('--check') && missed) {
    console.error(
      `\nAn update takes more than ${bars.milliseconds} ms longer, or a function adds more than ${bars.bytes} bytes.`,
    )
    process.exitCode = 1
  }
} finally {
  for (const root of roots) removeProject(root)
}

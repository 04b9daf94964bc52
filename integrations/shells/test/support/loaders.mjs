// The project under a runtime that loads its sources and builds nothing: `npm run test:runtimes` calls it for each.
import { execFile } from 'node:child_process'
import { edits, Files } from './edits.mjs'
import { copyProject, removeProject } from './project.mjs'

const register = ['--import', '@autocache/unplugin/register']
const tsx = [...register, '--import', 'tsx', 'src/main.ts']

const bundled = 'out/bun/main.js'

/** The ways in which a runtime runs the project: by its own TypeScript, from the release on that has it, by tsx, built by Bun. */
const waysOf = (name) => {
  if (name === 'bun') return [['--preload', './bun.preload.js', 'src/main.ts'], [bundled]]
  return name === 'node20' ? [tsx] : [[...register, 'src/main-plain.ts'], tsx]
}

/**
 * Runs a program to its end; other runtimes have their turn meanwhile.
 * @param {string} program @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ status: unknown, stdout: string, stderr: string }>} with what kept it from ending by itself, as its status
 */
export const runToEnd = (program, args, options = {}) =>
  new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { ...options, encoding: 'utf8', maxBuffer: Infinity },
      (error, stdout, stderr) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
    )
    // What reads its input to the end finds one.
    child.stdin?.end()
  })

/**
 * Whether Bun fails a build for an error, with its place, the function and the remedy, and not for a warning.
 * @param {string} program
 * @returns {Promise<{ state: 'pass' } | { state: 'fail', error: string }>}
 */
export async function checkBunDiagnostics(program) {
  const root = copyProject('diagnostics under bun')
  const files = new Files(root)
  const build = (...lines) => {
    files.write('src/bad.ts', ["import { cache } from './cache.ts'", ...lines].join('\n'))
    return runToEnd(program, ['bun.build.js'], { cwd: root })
  }
  const timed = 'export const timed = cache.cached(async (n: number) => n + Date.now())'
  const warning = `warn: ${root}/src/bad.ts:2:60: \`timed\`: Date.now() reads the clock`
  /** @type {[name: string, lines: string[], status: number, told: string[]][]} */
  const cases = [
    ['a warning', [timed], 0, [warning]],
    [
      'errors',
      [
        timed,
        'export const run = cache.cached(async (code: string) => eval(code))',
        'export const make = (seen: WeakMap<object, number>) => cache.cached(async (key: object) => seen.get(key))',
        "export const pick = (name: 'user') => cache.cached(({ user: async () => 1 })[name])",
      ],
      1,
      [
        `${root}/src/bad.ts:3:57: \`run\`: eval() runs code`,
        'give the function a `version` of your own. (eval)',
        '`make`: seen cannot be part of a key. Leave it out with `deps: { ignore: [...] }`',
        '(uncapturable)',
        '(dynamic-function)',
      ],
    ],
    [
      'a package that is not there',
      ["import pad from 'not-there'", 'export const padded = cache.cached(async () => pad())'],
      1,
      ['install the package', '(unresolved)'],
    ],
  ]
  try {
    files.write('src/plain.ts', `import './bad.ts'\n${files.read('src/plain.ts')}`)
    for (const [name, lines, status, told] of cases) {
      const ended = await build(...lines)
      const said = ended.stdout + ended.stderr
      const missing = told.find((text) => !said.includes(text))
      if (ended.status !== status || missing !== undefined)
        return { state: 'fail', error: `${name}: exit ${ended.status}, without ${missing}\n${said}` }
    }
    return { state: 'pass' }
  } finally {
    removeProject(root)
  }
}

async function run(program, args, root, more) {
  const { VITEST: _, ...env } = process.env
  if (args[0] === bundled) check(await runToEnd(program, ['bun.build.js'], { cwd: root }), 'bun.build.js')
  const result = await runToEnd(program, args, { cwd: root, env: { ...env, SHOP_FEE: '5', ...more } })
  check(result, [program, ...args].join(' '))
  return JSON.parse(result.stdout.trim().split('\n').at(-1))
}

function check({ status, stdout, stderr }, command) {
  if (status !== 0) throw new Error(`${command}\nexit ${status}\n${stdout}${stderr}`)
}

/**
 * Whether a runtime stamps the project as the Node that runs this does, before the edits, and after each or all of them.
 * @param {string} name @param {string} program
 * @param {{ afterEach: boolean }} options
 * @returns {Promise<{ state: 'pass' } | { state: 'fail', error: string }>}
 */
export async function checkLoaders(name, program, { afterEach }) {
  const root = copyProject(`under ${name}`)
  const files = new Files(root)
  const env = {}
  try {
    await compare(name, program, root, env, 'the project')
    for (const edit of edits) {
      edit.apply(files)
      Object.assign(env, edit.env)
      if (afterEach || edit === edits.at(-1)) await compare(name, program, root, env, edit.name)
    }
    return { state: 'pass' }
  } catch (error) {
    return { state: 'fail', error: error.message }
  } finally {
    removeProject(root)
  }
}

async function compare(name, program, root, env, state) {
  const expected = await run(process.execPath, tsx, root, env)
  for (const args of waysOf(name)) {
    for (const [call, { label, version, key }] of Object.entries(await run(program, args, root, env))) {
      const wanted = expected[call]
      const fail = (text) => {
        throw new Error(`After ${state}, ${args.join(' ')}: ${text}`)
      }
      if (!version.startsWith('s1-')) fail(`${call} is not stamped: ${version}`)
      if (label !== wanted.label || key !== wanted.key) {
        fail(`${call} is ${label} ${key}, and elsewhere ${wanted.label} ${wanted.key}`)
      }
    }
  }
}

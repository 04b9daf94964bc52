// The project under a runtime that loads its sources and builds nothing: `npm run test:runtimes` calls it for each.
import { spawnSync } from 'node:child_process'
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

function run(program, args, root, more) {
  const { VITEST: _, ...env } = process.env
  if (args[0] === bundled) check(spawnSync(program, ['bun.build.js'], { cwd: root, encoding: 'utf8' }), 'bun.build.js')
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', env: { ...env, SHOP_FEE: '5', ...more } })
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
 * @returns {{ state: 'pass' } | { state: 'fail', error: string }}
 */
export function checkLoaders(name, program, { afterEach }) {
  const root = copyProject(`under ${name}`)
  const files = new Files(root)
  const env = {}
  try {
    compare(name, program, root, env, 'the project')
    for (const edit of edits) {
      edit.apply(files)
      Object.assign(env, edit.env)
      if (afterEach || edit === edits.at(-1)) compare(name, program, root, env, edit.name)
    }
    return { state: 'pass' }
  } catch (error) {
    return { state: 'fail', error: error.message }
  } finally {
    removeProject(root)
  }
}

function compare(name, program, root, env, state) {
  const expected = run(process.execPath, tsx, root, env)
  for (const args of waysOf(name)) {
    for (const [call, { label, version, key }] of Object.entries(run(program, args, root, env))) {
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

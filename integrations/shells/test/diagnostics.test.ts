import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environment, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

const root = copyProject('diagnostics')
const files = new Files(root)
const file = join(root, 'src/bad.ts')
afterAll(() => removeProject(root))

/** What a host says, in its own shape. */
async function diagnose(host: string): Promise<{ readonly errors: any[]; readonly warnings: any[] }> {
  const child = start('diagnose.mjs', [host], root)
  try {
    return (await child.next()).value
  } finally {
    await child.stop()
  }
}

const load = (env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, ['--import', '@autocache/unplugin/register', '--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: environment({ SHOP_FEE: '5', ...env }),
  })

const failure =
  '`bad` (bad -> read): process.env[name] reads the environment by a name that is not in the source, so its value cannot join the key. Read it as process.env.NAME, or pass it in through `deps`. (env-dynamic)'
const warning =
  '`timed`: Date.now() reads the clock: a cached value keeps the time of the call that filled it. (impure-time)'

beforeAll(() => {
  files.write(
    'src/bad.ts',
    [
      "import { cache } from './cache.ts'",
      'const read = (name: string) => process.env[name]',
      'export const bad = cache.cached(async (name: string) => read(name))',
      'export const timed = cache.cached(async (n: number) => n + Date.now())',
    ].join('\n'),
  )
  files.write('src/plain.ts', `import './bad.ts'\n${files.read('src/plain.ts')}`)
})

describe('an error fails the build, and a warning does not, in the format of the host', () => {
  test.each(['rollup', 'rolldown', 'vite'])(
    '%s',
    async (host) => {
      const { errors, warnings } = await diagnose(host)
      expect(errors).toMatchObject([
        { plugin: 'autocache', pluginCode: 'env-dynamic', id: file, loc: { file, line: 2, column: 31 } },
      ])
      expect(errors[0].message).toContain(failure)
      const told = warnings.filter(({ pluginCode }) => pluginCode === 'impure-time')
      expect(told).toMatchObject([{ plugin: 'autocache', id: file, loc: { file, line: 4, column: 59 } }])
      expect(told[0].message).toContain(warning)
    },
    180_000,
  )

  test('webpack', async () => {
    const { errors, warnings } = await diagnose('webpack')
    expect(errors).toMatchObject([{ file, loc: '2:31', moduleName: './src/bad.ts', message: failure }])
    expect(warnings).toMatchObject([{ file, loc: '4:59', moduleName: './src/bad.ts', message: warning }])
  }, 180_000)

  test('rspack', async () => {
    const { errors, warnings } = await diagnose('rspack')
    expect(errors).toMatchObject([{ moduleName: './src/bad.ts' }])
    expect(errors[0].message).toContain(`src/bad.ts:2:32: ${failure}`)
    expect(warnings).toMatchObject([{ moduleName: './src/bad.ts' }])
    expect(warnings[0].message).toContain(`src/bad.ts:4:60: ${warning}`)
  }, 180_000)

  test('esbuild', async () => {
    const { errors, warnings } = await diagnose('esbuild')
    const lineText = 'const read = (name: string) => process.env[name]'
    expect(errors).toMatchObject([
      { text: failure, pluginName: 'autocache', location: { file: 'src/bad.ts', line: 2, column: 31, lineText } },
    ])
    expect(warnings).toMatchObject([{ text: warning, location: { file: 'src/bad.ts', line: 4, column: 59 } }])
  }, 180_000)

  test('the loader of Node', () => {
    const { status, stdout, stderr } = load()
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(`${file}:2:32\nconst read = (name: string) => process.env[name]\n${' '.repeat(31)}^\n`)
    expect(stderr).toContain(failure)
    const lenient = load({ AUTOCACHE_FAIL_ON: 'never' })
    expect(lenient.status).toBe(0)
    expect(lenient.stderr).toContain(warning)
    expect(lenient.stderr).toContain(`at ${file}:4:60`)
  }, 180_000)
})

describe('levels come from the configuration of the project', () => {
  test('an error that is a warning there does not fail the build, and what is off is not said', async () => {
    const levels = { 'env-dynamic': 'warning', 'impure-time': 'off' }
    files.write('autocache.config.json', JSON.stringify({ diagnostics: levels }))
    const { errors, warnings } = await diagnose('esbuild')
    expect(errors).toEqual([])
    expect(warnings.map(({ text }) => text)).toEqual([failure])
  }, 180_000)

  test('a warning that is an error there fails it', async () => {
    files.write(
      'autocache.config.json',
      JSON.stringify({ diagnostics: { 'env-dynamic': 'off', 'impure-time': 'error' } }),
    )
    const { errors } = await diagnose('esbuild')
    expect(errors.map(({ text }) => text)).toEqual([warning])
    files.remove('autocache.config.json')
  }, 180_000)
})

describe('what cannot be stamped is said with the function and the remedy', () => {
  const errorsOf = async (source: string) => {
    files.write('src/bad.ts', source)
    const { errors } = await diagnose('esbuild')
    return errors.map(({ text, location }) => `${location?.line}:${location?.column} ${text}`)
  }
  const cached = "import { cache } from './cache.ts'\n"

  test('a capture that cannot be keyed', async () => {
    const source = `${cached}export const make = (seen: WeakMap<object, number>) =>\n  cache.cached(async (key: object) => seen.get(key))\n`
    const [error] = await errorsOf(source)
    expect(error).toMatch(
      /^2:21 `make`: seen cannot be part of a key\. Leave it out with `deps: \{ ignore: \[\.\.\.\] \}`/,
    )
  }, 180_000)

  test('a function that the code does not show', async () => {
    const source = `${cached}const table = { user: async (id: string) => id }\nexport const make = (name: 'user') =>\n  cache.cached(table[name])\n`
    expect(await errorsOf(source)).toEqual([
      '4:15 `make`: Which function `table[name]` is, only the running program knows, so no version follows its code and it gets no stamp. ' +
        'Name the function, choose it inside of one that is written out (`cached((id) => choose(id)(id))`), or give a `version` of your own. (dynamic-function)',
    ])
  }, 180_000)

  test('`eval`', async () => {
    const [error] = await errorsOf(`${cached}export const run = cache.cached(async (code: string) => eval(code))\n`)
    expect(error).toMatch(/^2:56 `run`: eval\(\) runs code .* give the function a `version` of your own\. \(eval\)$/)
  }, 180_000)

  test('a package that is not installed', async () => {
    files.write(
      'src/bad.ts',
      `${cached}import pad from 'not-there'\nexport const padded = cache.cached(async () => pad())\n`,
    )
    const { errors, warnings } = await diagnose('esbuild')
    expect(errors.map(({ text }) => text)).toEqual(['Could not resolve "not-there"'])
    expect(warnings.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(
        /`padded` .*: 'default' of 'not-there' leads nowhere.* install the package.* \(unresolved\)$/,
      ),
    )
  }, 180_000)

  test('two copies of core', async () => {
    files.write('src/bad.ts', cached)
    const copy = join(root, 'packages/tax/node_modules/@autocache/core')
    cpSync(join(root, 'node_modules/@autocache/core'), copy, { recursive: true })
    files.write(
      'packages/tax/src/index.ts',
      "import { cached } from '@autocache/core'\nimport { share } from './share.ts'\nexport const taxOf = cached((net: number) => net * share)\n",
    )
    const { errors } = await diagnose('esbuild')
    expect(errors).toHaveLength(1)
    expect(errors[0].text).toMatch(
      /`\w+`: this module imports @autocache\/core from .* One copy does not know .* `npm dedupe`/,
    )
    files.write(
      'packages/tax/src/index.ts',
      "import { share } from './share.ts'\nexport const taxOf = (net: number) => net * share\n",
    )
  }, 180_000)

  test('a core that does not read these stamps', async () => {
    files.replace('node_modules/@autocache/core/dist/version.js', 'stampContract = 2', 'stampContract = 1')
    const { errors } = await diagnose('esbuild')
    expect(errors[0].text).toMatch(
      /reads stamps of contract 1, and contract \d is written here.* Update @autocache\/core\. \(core-contract\)$/,
    )
  }, 180_000)
})

import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
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

/** What is said of an error or a warning, whatever the host. */
interface Told {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

const told = (file: string, line: string | number, column: string | number, text: string): Told => ({
  file,
  line: Number(line),
  column: Number(column),
  text,
})

/** Hosts that stop at the first error name the others below it, each with its place. */
function listed(first: Told): Told[] {
  const [text, ...others] = first.text.split('\n')
  const more = others.flatMap((line) => {
    const found = /^(\/.*?):(\d+):(\d+): (.*)$/.exec(line)
    return found ? told(found[1]!, found[2]!, found[3]!, found[4]!) : []
  })
  return [{ ...first, text: text! }, ...more]
}

async function likeRollup(host: string): Promise<Told[]> {
  const { errors } = await diagnose(host)
  return errors.flatMap(({ message, loc }) => {
    const text = message.slice(message.indexOf('`'))
    return loc ? listed(told(loc.file, loc.line, loc.column + 1, text)) : [told('', 0, 0, message)]
  })
}

/** The errors that each host gives, from its own format; columns from 1. */
const errorsIn = {
  async esbuild(): Promise<Told[]> {
    const { errors } = await diagnose('esbuild')
    return errors.map(({ text, location }) => told(join(root, location.file), location.line, location.column + 1, text))
  },
  vite: () => likeRollup('vite'),
  rollup: () => likeRollup('rollup'),
  rolldown: () => likeRollup('rolldown'),
  async rspack(): Promise<Told[]> {
    const { errors } = await diagnose('rspack')
    return errors.map(({ message }) => {
      const [, at, line, column, text] = /([^\s:]+):(\d+):(\d+): (`[^\n]*)/.exec(message) ?? []
      return text === undefined ? told('', 0, 0, message) : told(join(root, at!), line!, column!, text)
    })
  },
  async webpack(): Promise<Told[]> {
    const { errors } = await diagnose('webpack')
    return errors.map(({ file: at, loc, message }) => {
      const [line, column] = String(loc ?? '0:0').split(/[:-]/)
      return told(at ?? '', line!, Number(column) + 1, message)
    })
  },
  async node(): Promise<Told[]> {
    const { status, stderr } = load()
    if (status === 0) return []
    // Node's arrow under the source, and below it the error.
    const place = /^\[?(\/.*?):(\d+):(\d+)$/m.exec(stderr)
    const text = stderr.slice(stderr.indexOf('AutocacheDiagnostic: ') + 'AutocacheDiagnostic: '.length)
    return place && stderr.includes('AutocacheDiagnostic: ')
      ? listed(told(place[1]!, place[2]!, place[3]!, text))
      : [told('', 0, 0, stderr)]
  },
}

describe.each(Object.keys(errorsIn) as (keyof typeof errorsIn)[])(
  'what cannot be stamped is said with its place, the function and the remedy: %s',
  (host) => {
    const cached = "import { cache } from './cache.ts'\n"
    const bad = (source: string) => files.write('src/bad.ts', cached + source)
    /** Sorted, since hosts that build in parallel tell in any order. */
    const errors = async () => (await errorsIn[host]()).sort((a, b) => a.line - b.line)

    test('a capture that cannot be keyed, and a function that the code does not show', async () => {
      bad(
        [
          'export const make = (seen: WeakMap<object, number>) => cache.cached(async (key: object) => seen.get(key))',
          'const table = { user: async (id: string) => id }',
          "export const pick = (name: 'user') => cache.cached(table[name])",
        ].join('\n'),
      )
      const place = { file, line: expect.any(Number), column: expect.any(Number) }
      expect(await errors()).toEqual([
        {
          ...place,
          line: 2,
          text: expect.stringMatching(
            /^`make`: seen cannot be part of a key\. Leave it out with `deps: \{ ignore: \[\.\.\.\] \}`.*\(uncapturable\)/,
          ),
        },
        {
          ...place,
          line: 4,
          column: 52,
          text: expect.stringMatching(
            /^`pick`: Which function `table\[name\]` is, only the running program knows.*Name the function,.*or give a `version` of your own\. \(dynamic-function\)/,
          ),
        },
      ])
    }, 180_000)

    test('`eval`', async () => {
      bad('export const run = cache.cached(async (code: string) => eval(code))')
      expect(await errors()).toEqual([
        {
          ...{ file, line: 2, column: 57 },
          text: expect.stringMatching(
            /^`run`: eval\(\) runs code .* give the function a `version` of your own\. \(eval\)/,
          ),
        },
      ])
    }, 180_000)

    test('a package that is not installed', async () => {
      bad("import pad from 'not-there'\nexport const padded = cache.cached(async () => pad())")
      const warning = /`padded` .*: 'default' of 'not-there' leads nowhere.* install the package.* \(unresolved\)/
      if (host === 'node') {
        const { status, stderr } = load()
        expect(status).toBe(1)
        expect(stderr).toMatch(warning)
        expect(stderr).toContain(`at ${file}:3:`)
        expect(stderr).toContain("Cannot find package 'not-there'")
        return
      }
      const { errors, warnings } = await diagnose(host)
      const texts = warnings.map(({ text, message }) => text ?? message)
      expect(texts).toContainEqual(expect.stringMatching(warning))
      // These leave what they do not find to whatever runs the program.
      expect(errors).toHaveLength(/^(?:vite|rollup|rolldown)$/.test(host) ? 0 : 1)
      for (const { text, message } of errors) expect(text ?? message).toMatch(/resolve "?'?not-there/)
    }, 180_000)

    test('two copies of core', async () => {
      bad('export const fine = cache.cached(async (n: number) => n)')
      const copy = 'packages/tax/node_modules/@autocache/core'
      cpSync(join(root, 'node_modules/@autocache/core'), join(root, copy), { recursive: true })
      const tax = files.read('packages/tax/src/index.ts')
      files.write(
        'packages/tax/src/index.ts',
        "import { cached } from '@autocache/core'\nimport { share } from './share.ts'\nexport const taxOf = cached((net: number) => net * share)\n",
      )
      try {
        const [error, ...others] = await errors()
        expect(others).toEqual([])
        expect(error!.text).toMatch(
          /^`[\w.]+`: this module imports @autocache\/core from .* One copy does not know .* `npm dedupe`/,
        )
        expect(error!.file).toMatch(/\.ts$/)
      } finally {
        files.write('packages/tax/src/index.ts', tax)
        rmSync(join(root, 'packages/tax/node_modules'), { recursive: true })
      }
    }, 180_000)

    test('a core that does not read these stamps', async () => {
      const version = 'node_modules/@autocache/core/dist/version.js'
      files.replace(version, 'stampContract = 2', 'stampContract = 1')
      try {
        const [error] = await errors()
        expect(error!.text).toMatch(
          /^`[\w.]+`: .*reads stamps of contract 1, and contract \d is written here.* Update @autocache\/core\. \(core-contract\)/,
        )
        expect(error!.file).toMatch(/src\/\w+\.ts$/)
      } finally {
        files.replace(version, 'stampContract = 1', 'stampContract = 2')
      }
    }, 180_000)
  },
)

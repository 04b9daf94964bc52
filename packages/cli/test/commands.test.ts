import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Diagnostic } from '@autocache/compiler'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { analysis, cachedFunction, compilerOf, definition } from './support/analysis.ts'
import { run } from './support/io.ts'
import { TestRepository } from './support/repository.ts'
import { toyCompiler } from './support/toy-compiler.ts'

const evil = '\u001b]0;title\u0007\u009b31m\u202eevil\r\n@team'
const control = /[^\P{Cc}\n]|[\u202a-\u202e]/u

const diagnostic = (level: Diagnostic['level'], more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'impure-time',
  level,
  message: 'Date.now() is read.',
  position: { file: 'src/app.ts', line: 3, column: 7 },
  path: ['quote', 'now'],
  ...more,
})

const quote = cachedFunction('quote', {
  export: 'quote',
  definitions: [
    definition('quote', 'a', { parent: -1, line: 3 }),
    definition('load', 'b', { parent: 0, line: 9 }),
    definition('rates', 'c', { parent: 1, line: 2, kind: 'value', file: 'src/rates.ts' }),
    definition('init()', 'd', { parent: 2, line: 4, kind: 'statement', via: 'attached', file: 'src/rates.ts' }),
    definition('round', 'e', { parent: 0, line: 20 }),
  ],
  packages: [{ name: 'dayjs', version: '1.11.0', identity: 'i', path: 1 }],
  env: [{ name: 'REGION', expression: 'process.env.REGION', module: false }],
  captures: [{ name: 'ctx', paths: [['user', 'id']] }],
  receiver: { fields: [['rate']], calls: [{ path: ['repo'] }] },
  diagnostics: [diagnostic('warning')],
})

let repository: TestRepository
beforeEach(() => {
  repository = new TestRepository()
})
afterEach(() => repository.close())

const over = (functions = [quote]) => compilerOf((root) => analysis(root, functions))
const autocache = (argv: readonly string[], more: Partial<Parameters<typeof run>[1]> = {}) =>
  run(argv, { cwd: repository.folder, compiler: over(), ...more })

describe('list', () => {
  it('shows what each function is and reaches', async () => {
    expect((await autocache(['list'])).out).toBe(
      [
        'quote  src/app.ts:1',
        `  version      ${quote.version}`,
        '  reaches      5 definitions in 2 files',
        '  packages     dayjs@1.11.0',
        '  env          REGION',
        '  captures     ctx.user.id',
        '  receiver     this.rate, this.repo()',
        '  src/app.ts:3:7  warning  Date.now() is read.  impure-time',
        '    reached through quote -> now',
        '',
        '1 cached function, 1 warning',
        '',
      ].join('\n'),
    )
  })

  it('has everything as JSON', async () => {
    const { json } = await autocache(['list', '--json'])
    expect(json.functions).toHaveLength(1)
    expect(json.functions[0]).toMatchObject({
      label: 'quote',
      file: 'src/app.ts',
      line: 1,
      column: 1,
      export: 'quote',
      form: 'call',
      version: quote.version,
      packages: [{ name: 'dayjs', version: '1.11.0', identity: 'i', parent: 1 }],
      env: [{ name: 'REGION', expression: 'process.env.REGION', module: false }],
      captures: [{ name: 'ctx', paths: [['user', 'id']] }],
      receiver: { fields: [['rate']], calls: [['repo']] },
    })
    expect(json.functions[0].definitions[3]).toEqual({
      name: 'init()',
      kind: 'statement',
      file: 'src/rates.ts',
      line: 4,
      digest: 'd',
      parent: 2,
      via: 'attached',
    })
  })
})

describe('check', () => {
  it('ends with 1 when there is an error, and else with 0', async () => {
    expect(await autocache(['check'])).toMatchObject({ code: 0, out: expect.stringContaining('1 warning') })
    const broken = cachedFunction('f', { diagnostics: [diagnostic('info'), diagnostic('error', { code: 'eval' })] })
    const result = await autocache(['check'], { compiler: over([broken]) })
    expect(result.code).toBe(1)
    expect(result.out.split('\n')[0]).toBe('src/app.ts:3:7  error  Date.now() is read.  eval')
    const { code, json } = await autocache(['check', '--json'], { compiler: over([broken]) })
    expect([code, json.errors, json.warnings, json.infos, json.diagnostics.length]).toEqual([1, 1, 0, 1, 2])
  })
})

describe('version', () => {
  beforeEach(() => {
    repository.write({
      'src/quote.ts': "import './rate'\ncached()",
      'src/rate.ts': '1',
      'src/deep/[id].ts': '2',
      'node_modules/x/src/y.ts': '3',
    })
  })
  const version = (...argv: string[]) => autocache(['version', ...argv], { compiler: toyCompiler })

  it('prints one version bare, and several with their names', async () => {
    expect((await version('src/rate.ts#rate')).out).toMatch(/^s1-[a-z2-7]{26}\n$/)
    expect((await version('src/rate.ts#rate', 'src/quote.ts#quote')).out).toMatch(
      /^s1-\w+ {2}src\/rate.ts#rate\ns1-\w+ {2}src\/quote.ts#quote\n$/,
    )
  })

  it('takes a glob for all exports, cached or not', async () => {
    const { json, code } = await version('--json', 'src/*.ts#*')
    expect(code).toBe(0)
    expect(json).toEqual([
      { file: 'src/quote.ts', export: 'quote', version: expect.stringMatching(/^s1-/) },
      { file: 'src/rate.ts', export: 'rate', version: expect.stringMatching(/^s1-/) },
    ])
    expect((await version('--json', './**/*.ts#*')).json).toEqual(json)
    expect((await version('--json', 'src/rate.ts#*')).json).toEqual(json.slice(1))
    expect((await version('--json', 'src/deep/[id].ts#*')).code).toBe(0)
  })

  it('tells what a target must be', async () => {
    for (const [target, message] of [
      ['quote', /names no export.*<file>#<export>/],
      ['#quote', /names no export/],
      ['src/missing.ts#x', /There is no file src\/missing.ts/],
      ['src/rate.ts#rat', /has no export rat. Did you mean rate\?/],
      ['lib/*.ts#*', /No source file matches lib/],
    ] as const) {
      expect([target, await version(target)]).toMatchObject([
        target,
        { code: 2, out: '', err: expect.stringMatching(message) },
      ])
    }
  })
})

describe('explain', () => {
  it('shows the tree of what a function reaches', async () => {
    const { out } = await autocache(['explain', 'quote'])
    expect(out).toContain(
      [
        'quote function  src/app.ts:3',
        '|- load function  src/app.ts:9',
        '|  |- rates value  src/rates.ts:2',
        '|  |  `- init() statement  src/rates.ts:4 changes what it stands below when its module is loaded',
        '|  `- dayjs@1.11.0 package',
        '`- round function  src/app.ts:20',
      ].join('\n'),
    )
    expect(out).toContain('Not in the version: inputs that belong into the key')
  })

  it('survives a chain of thousands', async () => {
    const definitions = Array.from({ length: 20_000 }, (_, index) =>
      definition(`f${index}`, 'd', { parent: index - 1 }),
    )
    const { code, out } = await autocache(['explain', 'quote'], { compiler: over([{ ...quote, definitions }]) })
    expect(code).toBe(0)
    expect(out).toContain('f19999')
  })

  it('takes a label or an export, and says what else there is', async () => {
    repository.write({ 'src/app.ts': '' })
    expect((await autocache(['explain', 'src/app.ts#quote', '--json'])).json.label).toBe('quote')
    expect(await autocache(['explain', 'qoute'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean quote?'),
    })
    const twice = [quote, { ...quote, file: 'src/b.ts', line: 7 }]
    expect(await autocache(['explain', 'quote'], { compiler: over(twice) })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/src\/app.ts:1 {2}src\/app.ts#quote\n {2}src\/b.ts:7/),
    })
  })

  describe('--since', () => {
    const since = (target: string, state: string, ...more: string[]) =>
      autocache(['explain', target, '--since', state, ...more], { compiler: toyCompiler })
    const rate = 'export const rate = () => {\n  return 1\n}\n'
    beforeEach(() => {
      repository.write({
        'src/quote.ts': "import './rate'\nexport const quote = cached(() => rate())\n",
        'src/rate.ts': rate,
      })
      repository.commit()
    })

    it('shows which definition changed, the path to it and its source', async () => {
      repository.write({ 'src/rate.ts': rate.replace('1', '2') })
      const { out, code } = await since('quote', 'HEAD')
      expect(code).toBe(0)
      expect(out).toContain('rate was edited, src/rate.ts:1\n  quote -> rate\n')
      expect(out).toContain('  -  return 1\n  +  return 2\n')
      const { json } = await since('quote', 'HEAD', '--json')
      expect(json).toMatchObject({
        change: 'changed',
        label: 'quote',
        causes: [{ kind: 'edited', path: ['quote', 'rate'] }],
      })
      expect(json.causes[0].diff).toMatch(/^@@ -1,3 \+1,3 @@\n/)
      expect((await since('src/rate.ts#rate', 'HEAD')).out).toContain('rate was edited')
    })

    it('follows a function that was renamed, by either name', async () => {
      const source = "import './rate'\nexport const quote = cached(() => rate())\n"
      repository.remove('src/quote.ts').write({ 'src/offer.ts': source })
      for (const name of ['offer', 'quote']) {
        const told = await since(name, 'HEAD', '--json')
        expect(told.err).toBe('')
        expect(told.json).toMatchObject({ change: 'renamed', causes: [{ kind: 'label', from: 'quote', to: 'offer' }] })
      }
    })

    it('says where nothing changed, and what is new or gone', async () => {
      expect((await since('quote', 'HEAD')).out).toContain('the same as in HEAD')
      repository.remove('src/quote.ts').write({ 'src/fresh.ts': 'cached()' })
      expect((await since('quote', 'HEAD')).out).toMatch(/quote is gone from the working tree/)
      expect((await since('fresh', 'HEAD')).out).toMatch(/fresh did not exist in HEAD/)
      expect(await since('never', 'HEAD')).toMatchObject({ code: 2, err: expect.stringMatching(/no cached function/) })
    })

    it('finds the sources behind a manifest in git, where the version proves them', async () => {
      await autocache(['manifest'], { compiler: toyCompiler })
      repository.commit()
      repository.write({ 'src/rate.ts': rate.replace('1', '2') }).commit()
      repository.write({ 'src/rate.ts': rate.replace('1', '3') })
      const { out } = await since('quote', 'autocache.manifest.json')
      expect(out).toContain('in autocache.manifest.json')
      expect(out).toContain('  -  return 1\n  +  return 3\n')
    })

    it('tells the digests where a manifest has no sources', async () => {
      await autocache(['manifest', '--out', 'old.json'], { compiler: toyCompiler })
      repository.write({ 'src/rate.ts': rate.replace('1', '2') }).commit()
      const { out } = await since('quote', 'old.json')
      expect(out).toMatch(/the source is not at hand; digest \w{8}, now \w{8}/)
    })
  })
})

describe('manifest', () => {
  it('writes what the compiler makes', async () => {
    const { code, out } = await autocache(['manifest'])
    expect([code, out]).toEqual([0, expect.stringMatching(/autocache.manifest.json: 1 cached function/)])
    const text = readFileSync(join(repository.folder, 'autocache.manifest.json'), 'utf8')
    expect(JSON.parse(text).functions[0].label).toBe('quote')
    expect((await autocache(['manifest', '--out', '-'])).out).toBe(text)
  })

  it('says why it cannot be written', async () => {
    mkdirSync(join(repository.folder, 'taken'))
    expect(await autocache(['manifest', '--out', 'taken'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cannot be written/),
    })
  })
})

describe('every command', () => {
  it('writes nothing that acts on a terminal, with colours or without, as text or as JSON', async () => {
    const hostile = cachedFunction(evil, {
      file: `src/${evil}.ts`,
      export: evil,
      definitions: [definition(evil, 'x', { parent: -1, file: evil, kind: evil }), definition(evil, 'y')],
      packages: [{ name: evil, version: evil, identity: evil, path: 0 }],
      env: [{ name: evil, expression: evil, module: true }],
      captures: [{ name: evil, paths: [[evil]] }],
      receiver: { fields: [[evil]], calls: [{ path: [evil] }] },
      diagnostics: [diagnostic('error', { message: evil, path: [evil, evil] })],
    })
    for (const argv of [['list'], ['check'], ['explain', evil], ['explain', 'x'], ['explain', `${evil}#x`]]) {
      for (const more of [[], ['--json']]) {
        for (const tty of [false, true]) {
          const { out, err } = await autocache([...argv, ...more], { compiler: over([hostile]), tty })
          // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours themselves
          const plain = (out + err).replace(/\x1b\[\d+m/g, '')
          expect(plain).not.toMatch(control)
          expect(out + err).not.toContain('\u001b[31mevil')
        }
      }
    }
  })

  it('has colours on a terminal only, and where nobody says no', async () => {
    const colored = async (argv: string[], tty: boolean, env = {}) =>
      (await autocache(['list', ...argv], { tty, env })).out.includes('\u001b[')
    expect(await colored([], true)).toBe(true)
    expect(await colored([], false)).toBe(false)
    expect(await colored(['--no-color'], true)).toBe(false)
    expect(await colored([], true, { NO_COLOR: '1' })).toBe(false)
    expect(await colored([], true, { TERM: 'dumb' })).toBe(false)
    expect(await colored([], false, { FORCE_COLOR: '1' })).toBe(true)
    expect(await colored(['--json'], true)).toBe(false)
  })

  it('shows progress of long work on a terminal only, on standard error', async () => {
    const compiler = {
      ...over(),
      analyze({ root, onProgress }: { root: string; onProgress?: (done: number, total: number) => void }) {
        const end = performance.now() + 500
        for (let done = 0; performance.now() < end; done++) onProgress?.(done, 1_000_000_000)
        return analysis(root, [quote])
      },
    }
    const shown = await autocache(['list'], { compiler, tty: true })
    expect(shown.err).toContain('\r\u001b[2KAnalysing files ')
    expect(shown.err.endsWith('\r\u001b[2K')).toBe(true)
    expect(shown.out).not.toContain('Analysing')
    expect((await autocache(['list'], { compiler })).err).toBe('')
    expect((await autocache(['list'], { tty: true })).err).toBe('')
  })

  it('ends with 2 and a message for wrong use, on standard error', async () => {
    for (const [argv, message] of [
      [['lst'], /unknown command 'lst'[\s\S]*Did you mean list/],
      [['list', '--jsn'], /unknown option '--jsn'/],
      [['explain'], /missing required argument/],
      [['list', 'more'], /too many arguments/],
      [['list', '--root', 'nowhere'], /There is no folder .*nowhere/],
      [['list', '--tsconfig', 'nowhere.json'], /There is no file .*nowhere.json/],
      [['diff', '--markdown', '--json'], /not both/],
      [['gc', 'redis://me:s3cret@host'], /too many arguments|required option/],
      [[], /Usage: autocache/],
    ] as const) {
      const { code, out, err } = await autocache(argv)
      expect([argv, code, out]).toEqual([argv, 2, ''])
      expect(err).toMatch(message)
      expect(err).not.toMatch(/ {4}at |s3cret/)
    }
  })

  it('explains itself and tells its version', async () => {
    const help = await autocache(['--help'])
    expect(help).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/Usage: autocache[\s\S]*explain[\s\S]*Exit codes/),
    })
    expect(await autocache(['gc', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/--grace[\s\S]*--json/),
    })
    expect((await autocache(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('asks for a report of what it did not expect, and shows the stack with --debug only', async () => {
    const compiler = compilerOf(() => {
      throw new TypeError('undefined is not https://me:s3cret@host/')
    })
    const { code, out, err } = await autocache(['list'], { compiler })
    expect([code, out]).toEqual([70, ''])
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).toMatch(/unexpected error.*report/)
    expect(err).not.toContain('s3cret')
    expect((await autocache(['list', '--debug'], { compiler })).err).toMatch(/\n {4}at /)
  })

  it('shows what the compiler refuses as a message of its own', async () => {
    const compiler = compilerOf(() => {
      throw Object.assign(new Error('The option x must be y.'), { name: 'CompilerError' })
    })
    expect(await autocache(['list'], { compiler })).toMatchObject({
      code: 2,
      err: 'autocache: The option x must be y.\n',
    })
  })

  it('passes on the root, the tsconfig and the cache', async () => {
    const seen: object[] = []
    const compiler = {
      ...over(),
      analyze(options: { root: string }) {
        seen.push(options)
        return analysis(options.root, [])
      },
    }
    repository.write({ 'app/tsconfig.json': '{}' })
    await autocache(['list', '--root', 'app', '--tsconfig', 'app/tsconfig.json', '--no-cache'], { compiler })
    await autocache(['list'], { compiler })
    expect(seen).toMatchObject([
      { root: join(repository.folder, 'app'), tsconfig: join(repository.folder, 'app/tsconfig.json'), cache: false },
      { root: repository.folder },
    ])
    expect(Object.keys(seen[1]!)).toEqual(['root', 'onProgress'])
  })
})

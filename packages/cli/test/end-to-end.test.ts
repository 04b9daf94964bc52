import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAutocache } from '@autocache/core'
import { putStamp, stampContract } from '@autocache/core/plumbing'
import { keyvStore } from '@autocache/keyv'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from './support/io.ts'
import { TestRepository } from './support/repository.ts'

const files = {
  '.gitignore': 'node_modules\n*.sqlite\n',
  'package.json': '{ "name": "shop", "type": "module", "dependencies": { "left": "1.0.0", "right": "2.0.0" } }\n',
  'package-lock.json': JSON.stringify({
    name: 'shop',
    lockfileVersion: 3,
    packages: {
      '': { name: 'shop', dependencies: { left: '1.0.0', right: '2.0.0' } },
      'node_modules/left': { version: '1.0.0', integrity: 'sha512-AAAA', dependencies: { right: '2.0.0' } },
      'node_modules/right': { version: '2.0.0', integrity: 'sha512-BBBB' },
    },
  }),
  'node_modules/left/package.json': '{ "name": "left", "version": "1.0.0", "main": "index.js" }',
  'node_modules/left/index.js': 'export const left = 1',
  'node_modules/right/package.json': '{ "name": "right", "version": "2.0.0", "main": "index.js" }',
  'node_modules/right/index.js': 'export const right = 1',
  'src/rates.ts': [
    '/** Rates by country. */',
    'export const rates = new Map<string, number>()',
    "rates.set('se', 25)",
    '',
    'export function rate(country: string): number {',
    '  return rates.get(country) ?? 0',
    '}',
    '',
    'export const unrelated = () => 1',
    '',
  ].join('\n'),
  'src/quote.ts': [
    "import { cached } from '@autocache/core'",
    "import { left } from 'left'",
    "import { rate } from './rates.ts'",
    '',
    'export const quote = cached(async (country: string, price: number) => price + rate(country))',
    'export const leftOf = cached(() => left)',
    'export const clock = cached(() => Date.now())',
    '',
  ].join('\n'),
}

let repository: TestRepository
beforeEach(() => {
  repository = new TestRepository().write(files)
  repository.commit()
})
afterEach(() => repository.close())

const autocache = (...argv: string[]) => run(argv, { cwd: repository.folder })
const edit = (file: keyof typeof files, from: string, to: string) => {
  const text = readFileSync(join(repository.folder, file), 'utf8')
  expect(text).toContain(from)
  return repository.write({ [file]: text.replaceAll(from, to) })
}
const changes = async (...argv: string[]) => {
  const { json, err } = await autocache('diff', '--json', ...argv)
  return {
    cold: json.cold.map((one: any) => [one.change, one.label]),
    warm: json.warm.map((one: any) => [
      one.label,
      one.touched.flatMap((file: any) => file.why.map((it: any) => it.reason)),
    ]),
    causes: json.cold.flatMap((one: any) => one.causes),
    err,
  }
}

describe('a project', () => {
  it('is listed with what its functions reach', async () => {
    const { json } = await autocache('list', '--json')
    expect(json.functions.map((one: any) => [one.label, one.file, one.line])).toEqual([
      ['quote', 'src/quote.ts', 5],
      ['leftOf', 'src/quote.ts', 6],
      ['clock', 'src/quote.ts', 7],
    ])
    const [quote, leftOf] = json.functions
    expect(quote.definitions.map((one: any) => one.name)).toEqual(expect.arrayContaining(['quote', 'rate', 'rates']))
    expect(leftOf.packages).toMatchObject([{ name: 'left', version: '1.0.0' }])
  })

  it('has versions for exports that are not cached, the same as one by one', async () => {
    const { json } = await autocache('version', '--json', 'src/*.ts#*')
    expect(json.map((one: any) => `${one.file}#${one.export}`)).toEqual([
      'src/quote.ts#clock',
      'src/quote.ts#leftOf',
      'src/quote.ts#quote',
      'src/rates.ts#rate',
      'src/rates.ts#rates',
      'src/rates.ts#unrelated',
    ])
    for (const row of json) {
      expect(Object.keys(row)).toEqual(['file', 'export', 'version'])
      expect((await autocache('version', '--json', `${row.file}#${row.export}`)).json).toEqual([row])
    }
  })

  it('is checked: a warning is no error, and an error ends with 1', async () => {
    expect(await autocache('check')).toMatchObject({ code: 0, out: expect.stringMatching(/impure-time/) })
    edit('src/rates.ts', 'return rates', 'eval(country)\n  return rates')
    expect(await autocache('check')).toMatchObject({ code: 1, out: expect.stringMatching(/error .*eval/) })
  })

  it('has its errors of syntax shown at their place', async () => {
    edit('src/rates.ts', 'export function rate(', 'export function rate((((')
    const { code, json } = await autocache('check', '--json')
    expect(code).toBe(1)
    expect(json.diagnostics).toContainEqual(
      expect.objectContaining({ code: 'parse-error', position: expect.objectContaining({ file: 'src/rates.ts' }) }),
    )
  })
})

describe('a change', () => {
  it('of nothing makes nothing cold', async () => {
    expect(await changes()).toEqual({ cold: [], warm: [], causes: [], err: '' })
  })

  it('of a helper makes cold what reaches it, with the path', async () => {
    edit('src/rates.ts', '?? 0', '?? 1')
    const { cold, causes } = await changes()
    expect(cold).toEqual([['changed', 'quote']])
    expect(causes).toMatchObject([{ kind: 'edited', definition: { name: 'rate', line: 5 }, path: ['quote', 'rate'] }])
    expect((await autocache('diff')).out).toContain('quote -> rate')
    const { out } = await autocache('explain', 'quote', '--since', 'HEAD')
    expect(out).toContain('  -  return rates.get(country) ?? 0\n  +  return rates.get(country) ?? 1\n')
  })

  it('of a statement that fills a table makes cold what reads the table', async () => {
    edit('src/rates.ts', "'se', 25", "'se', 26")
    const { cold, causes } = await changes()
    expect(cold).toEqual([['changed', 'quote']])
    expect(causes).toMatchObject([{ kind: 'edited', via: 'attached', definition: { line: 3 } }])
  })

  it('of comments, formatting, names or unreached code leaves functions warm, and says why', async () => {
    edit('src/rates.ts', '  return rates', '  // the rate\n  return rates')
    expect(await changes()).toMatchObject({ cold: [], warm: [['quote', ['comments']]] })
    edit('src/rates.ts', '  // the rate\n', '\n\n')
    expect(await changes()).toMatchObject({ cold: [], warm: [['quote', ['formatting']]] })
    repository.git('checkout', '--quiet', '.')
    edit('src/rates.ts', 'country', 'code')
    expect(await changes()).toMatchObject({ cold: [], warm: [['quote', ['equivalent']]] })
    repository.git('checkout', '--quiet', '.')
    edit('src/rates.ts', '() => 1', '() => 2')
    expect(await changes()).toMatchObject({ cold: [], warm: [['quote', ['unreached']]] })
    repository.git('checkout', '--quiet', '.')
    edit('src/rates.ts', 'rate(country', 'rateOf(country')
    edit('src/quote.ts', 'rate }', 'rateOf }')
    edit('src/quote.ts', 'rate(country)', 'rateOf(country)')
    const { cold, warm } = await changes()
    expect(cold).toEqual([])
    expect(warm.find(([label]: [string]) => label === 'quote')[1]).toContain('renamed')
    repository.git('checkout', '--quiet', '.')
    repository.write({ 'src/rates.ts': files['src/rates.ts'].replaceAll('\n', '\r\n') })
    expect(await changes()).toMatchObject({ cold: [], warm: [['quote', ['line-endings']]] })
  })

  it('of a package makes cold what reaches it, as the lockfiles of both sides have it', async () => {
    const { json: before } = await autocache('version', '--json', 'src/quote.ts#leftOf')
    edit('package-lock.json', '"version":"1.0.0"', '"version":"1.1.0"')
    edit('package-lock.json', 'AAAA', 'CCCC')
    edit('node_modules/left/package.json', '1.0.0', '1.1.0')
    const { cold, causes } = await changes()
    expect(cold).toEqual([['changed', 'leftOf']])
    expect(causes).toEqual([
      { kind: 'package', name: 'left', from: '1.0.0', to: '1.1.0', change: 'version', path: ['leftOf', 'left'] },
    ])
    const { json } = await autocache('explain', 'leftOf', '--since', 'HEAD', '--json')
    expect(json.from).toBe(before[0].version)
  })

  it('of a dependency of a package makes cold what reaches that package', async () => {
    edit('package-lock.json', '"version":"2.0.0"', '"version":"2.1.0"')
    edit('package-lock.json', 'BBBB', 'DDDD')
    edit('node_modules/right/package.json', '2.0.0', '2.1.0')
    const { cold, causes } = await changes()
    expect(cold).toEqual([['changed', 'leftOf']])
    expect(causes).toMatchObject([{ kind: 'package', name: 'left', change: 'identity' }])
  })

  it('of a label makes cold, since the label is part of the key', async () => {
    edit('src/quote.ts', 'const quote', 'const offer')
    const { cold, causes } = await changes()
    expect(cold).toEqual([['renamed', 'offer']])
    expect(causes).toEqual([{ kind: 'label', from: 'quote', to: 'offer' }])
  })

  it('of a file name that acts on terminals and Markdown is shown and acts on neither', async () => {
    const name = 'src/\u001b[31m@team`<b>.ts'
    repository.write({
      [name]: "import { cached } from '@autocache/core'\nexport const odd = cached(() => '\u001b[2J')\n",
    })
    for (const argv of [
      ['diff'],
      ['diff', '--markdown'],
      ['diff', '--json'],
      ['list'],
      ['explain', 'odd'],
      ['check'],
    ]) {
      const { code, out, err } = await autocache(...argv)
      expect([argv, code]).toEqual([argv, 0])
      expect(out + err).not.toMatch(/[^\P{Cc}\n]/u)
    }
    const inCode = /(`+)[\s\S]*?\1(?!`)/g
    expect((await autocache('diff', '--markdown')).out.replace(inCode, '')).not.toMatch(/<b>|@team/)
  })

  it('is told from the manifest of before as from git', async () => {
    await autocache('manifest', '--out', 'before.json')
    edit('src/rates.ts', '?? 0', '?? 1')
    expect((await changes('before.json')).cold).toEqual([['changed', 'quote']])
    const { out } = await autocache('explain', 'quote', '--since', 'before.json')
    expect(out).toContain('rate was edited')
    // HEAD has the version of the manifest, so its source is that of the manifest.
    expect(out).toContain('?? 1')
  })

  it('from a revision whose configuration is wrong is refused with the name of that revision', async () => {
    repository.write({ 'autocache.config.json': '{ "engine": "sometimes" }' })
    repository.commit()
    repository.remove('autocache.config.json')
    expect(await autocache('diff', 'HEAD')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^autocache: HEAD \([0-9a-f]{7}\) cannot be analysed: .*engine/),
    })
  })

  it('that brings a warning or an error says so with the function that it makes cold, and of no other', async () => {
    edit('src/rates.ts', 'return rates.get', 'console.info(Date.now(), process.env[country])\n  return rates.get')
    const { out } = await autocache('diff')
    const told = out.split('\n').filter((line) => /^\S+:\d+:\d+ {2}/.test(line))
    expect(told).toEqual([
      expect.stringMatching(/^src\/rates\.ts:6:\d+ {2}warning {2}Date\.now\(\) reads the clock.* impure-time$/),
      expect.stringMatching(/^src\/rates\.ts:6:\d+ {2}error {2}.* reads the environment by a name .* env-dynamic$/),
    ])
    expect(out).toContain('reached through quote -> rate')
    // `clock` has such a warning as well, and is as it was.
    expect(out).not.toContain('src/quote.ts:7')
    const { json } = await autocache('diff', '--json')
    expect(json.cold.map((one: any) => [one.label, one.diagnostics.map(({ code }: any) => code).sort()])).toEqual([
      ['quote', ['env-dynamic', 'impure-time']],
    ])
  })

  it('that mends what was wrong tells nothing of it', async () => {
    edit('src/rates.ts', 'return rates.get', 'console.info(Date.now())\n  return rates.get')
    repository.commit()
    edit('src/rates.ts', 'console.info(Date.now())\n  ', '')
    const { out } = await autocache('diff', 'HEAD')
    expect((await autocache('diff', 'HEAD', '--json')).json.cold).toMatchObject([{ label: 'quote', diagnostics: [] }])
    expect(out).not.toContain('impure-time')
  })

  it('outside the folder of the root is seen where the root imports it', async () => {
    repository.write({
      'apps/web/package.json': '{ "name": "web", "type": "module" }',
      'apps/web/src/page.ts':
        "import { cached } from '@autocache/core'\nimport { rate } from '../../../src/rates.ts'\nexport const page = cached(() => rate('se'))\n",
    })
    repository.commit()
    edit('src/rates.ts', '?? 0', '?? 1')
    const { cold } = await changes('--root', 'apps/web', 'HEAD')
    expect(cold).toEqual([['changed', 'page']])
  })
})

describe('gc', () => {
  it('keeps the entries of the manifest and removes those of the build before', async () => {
    const adapter = new KeyvSqlite({ uri: `sqlite://${join(repository.folder, 'cache.sqlite')}` })
    const fill = async () => {
      const { json } = await autocache('list', '--json')
      const { label, version } = json.functions.find((one: any) => one.label === 'quote')
      const cache = createAutocache({
        store: keyvStore(new Keyv({ store: adapter })),
        namespace: 'shop',
        ttl: Infinity,
        storeTimeout: '30s',
        clock: () => Date.now() - 30 * 86_400_000,
      })
      await cache.cached(putStamp(async (n: number) => n, { contract: stampContract, label, version }))(1)
      await cache.close()
      return version as string
    }
    const before = await fill()
    edit('src/rates.ts', '?? 0', '?? 1')
    const after = await fill()
    expect(after).not.toBe(before)
    const stored = async () => {
      const rows = (await adapter.query('SELECT key FROM keyv ORDER BY key')) as { key: string }[]
      const keys = rows.map(({ key }) => key)
      const isEpoch = (key: string) => /^keyv:shop:[^:]*:epochs:/.test(key)
      return { entries: keys.filter((key) => !isEpoch(key)), epochs: keys.filter(isEpoch) }
    }
    const filled = await stored()
    expect(filled.entries).toHaveLength(2)
    // Of the function: that of all calls, of this one, and the activities of the function and of all tags.
    expect(filled.epochs).toHaveLength(4)
    await autocache('manifest')
    const argv = ['gc', '--store', 'sqlite:cache.sqlite', '--keep', 'autocache.manifest.json']
    expect((await autocache(...argv, '--dry-run')).out).toContain(`quote  ${before}  1 entry to remove`)
    expect((await autocache(...argv, '--json')).json).toMatchObject({
      namespaces: ['shop'],
      removed: 1,
      kept: { current: 1 },
      versions: [{ label: 'quote', version: before, removed: 1, young: 0 }],
    })
    const { entries, epochs } = await stored()
    expect(entries).toEqual([expect.stringContaining(after)])
    expect(epochs).toEqual(filled.epochs)
    await adapter.disconnect()
  })
})

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const compiler = fileURLToPath(new URL('../../compiler/dist/index.js', import.meta.url))
const built = existsSync(bin) && existsSync(compiler)
if (!built && !process.env.CI) console.warn(`SKIPPED: ${bin} or ${compiler} is not built. These tests fail in CI.`)

describe.skipIf(!built && !process.env.CI)('the command as it is installed', () => {
  const spawn = (argv: readonly string[], env = {}) =>
    spawnSync(process.execPath, [bin, ...argv], {
      cwd: repository.folder,
      encoding: 'utf8',
      env: { ...process.env, FORCE_COLOR: '', ...env },
    })

  it('runs, ends with its exit code, and keeps results and messages apart', () => {
    const fine = spawn(['version', 'src/rates.ts#rate'])
    expect([fine.status, fine.stdout, fine.stderr]).toEqual([0, expect.stringMatching(/^s1-[a-z2-7]{26}\n$/), ''])
    edit('src/rates.ts', '?? 0', '?? 1')
    expect(spawn(['diff', '--fail-on-cold'])).toMatchObject({ status: 1, stdout: expect.stringMatching(/quote/) })
    expect(spawn(['explain', 'nothing'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/nothing/),
    })
    expect(spawn(['--version']).stdout).toMatch(/^\d/)
  })

  it('takes a closed pipe for an end and not for an error', () => {
    const many = Array.from({ length: 400 }, (_, index) => `export const f${index} = cached(() => ${index})`)
    repository.write({ 'src/many.ts': `import { cached } from '@autocache/core'\n${many.join('\n')}\n` })
    const shell = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" list --json | head -c 10`], {
      cwd: repository.folder,
      encoding: 'utf8',
    })
    expect([shell.stdout.length, shell.stderr]).toEqual([10, ''])
  })
})

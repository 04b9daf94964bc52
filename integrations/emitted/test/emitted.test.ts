import { readdirSync, statSync } from 'node:fs'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import { describeWith, redisUrl } from 'servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { autocache, type Build, build, folderOf, node, run, type Said } from './support/commands.ts'
import { Project } from './support/project.ts'

const project = new Project('project')
afterAll(() => project.remove())

const builds: readonly Build[] = [
  { compiler: 'tsc', format: 'esm', decorators: 'legacy', maps: 'file' },
  { compiler: 'tsc', format: 'cjs', decorators: 'legacy', maps: 'inline' },
  { compiler: 'tsc', format: 'esm', decorators: 'tc39', maps: 'inline' },
  { compiler: 'tsc', format: 'cjs', decorators: 'tc39', maps: 'file' },
  { compiler: 'swc', format: 'esm', decorators: 'legacy', maps: 'inline' },
  { compiler: 'swc', format: 'cjs', decorators: 'legacy', maps: 'file' },
  { compiler: 'swc', format: 'esm', decorators: 'tc39', maps: 'file' },
  { compiler: 'swc', format: 'cjs', decorators: 'tc39', maps: 'inline' },
]
const named = builds.map((how): [string, Build] => [folderOf(how).slice('out/'.length), how])

interface Listed {
  readonly functions: readonly { readonly label: string; readonly version: string }[]
}
let listed: Record<string, string>

beforeAll(async () => {
  const { out } = await autocache(project, '--json', 'list')
  const { functions } = JSON.parse(out) as Listed
  listed = Object.fromEntries(functions.map(({ label, version }) => [label, version]))
}, 60_000)

const register = ['--import', '@autocache/unplugin/register']
/** What each build said, run stamped. */
const told: Record<string, Record<string, Said>> = {}

describe.each(named)('%s', (name, how) => {
  let folder: string
  const main = () => `${folder}/main.js`
  beforeAll(async () => {
    folder = await build(project, how)
  }, 60_000)

  test('a stamped build has the labels and versions of `autocache list`, and another run of the command changes nothing', async () => {
    const plain = await run(project, [main()])
    for (const { version } of Object.values(plain)) expect(version).not.toMatch(/^s1-/)
    const loaded = await run(project, [...register, main()])
    expect((await autocache(project, 'stamp', '--check', folder)).code).toBe(1)

    const { code, out, err } = await autocache(project, 'stamp', folder)
    expect(out + err).not.toMatch(/\berror/)
    expect(code).toBe(0)
    const said = await run(project, [main()])
    expect(Object.keys(said)).toHaveLength(7)
    for (const { label, version } of Object.values(said)) {
      expect(version).toMatch(/^s1-/)
      // Behind it stand the versions of `key`, of `deps` and of the code behind a receiver, which are known when it runs.
      expect(version.split('+')[0], label).toBe(listed[label])
    }
    told[name] = said
    expect(loaded).toEqual(said)

    const before = snapshotOf(folder)
    expect((await autocache(project, 'stamp', '--check', folder)).code).toBe(0)
    expect((await autocache(project, 'stamp', folder)).out).toContain('0 files written')
    expect(snapshotOf(folder)).toEqual(before)
  }, 90_000)

  test('with the cache off a stamped build says what the build says', async () => {
    const values = (said: Record<string, Said>) => Object.values(said).map(({ value }) => value)
    const off = await run(project, [main()], { SHOP_CACHE: 'off' })
    expect(values(off)).toEqual(values(told[name]!))
    await build(project, how)
    expect(values(await run(project, [main()], { SHOP_CACHE: 'off' }))).toEqual(values(off))
    expect(snapshotOf(folder)['main.js']).not.toContain('autocacheStamps')
    // As it was before, for the tests that follow.
    await autocache(project, 'stamp', folder)
  }, 90_000)

  test('source maps of a stamped build lead to the same places as before', () => {
    const { code, map } = withMap(folder, 'price.js')
    for (const [text, place] of [
      ['Math.floor', 'Math.floor(net)]'],
      ['Number(process', 'Number(process.env'],
      ['terms.rate)', 'terms.rate)}`'],
    ] as const) {
      const lines = code.slice(0, code.lastIndexOf(text)).split('\n')
      const found = originalPositionFor(map, { line: lines.length, column: lines.at(-1)!.length })
      const source = project.read('src/price.ts').split('\n')
      expect(source[found.line! - 1]!.slice(found.column!)).toMatch(new RegExp(`^${escaped(place)}`))
    }
  })
})

test('every compiler, format and kind of decorators gives one label, version and key', () => {
  const [first, ...others] = Object.values(told)
  expect(others).toHaveLength(builds.length - 1)
  for (const other of others) expect(other).toEqual(first)
})

const describeRedis = await describeWith(redisUrl)
describeRedis('over one Redis', () => {
  test('what one build computed answers the others', async () => {
    const env = { REDIS_URL: redisUrl, SHOP_NAMESPACE: `emitted-${process.pid}-${Date.now()}` }
    for (const [at, how] of builds.entries()) {
      const said = await run(project, [`${folderOf(how)}/main.js`], env)
      const froms = Object.values(said).map(({ from }) => from)
      expect(froms, folderOf(how)).toEqual(froms.map(() => (at === 0 ? 'run' : 'store')))
    }
  }, 90_000)
})

/** Names of the calls whose version, or whose key, an edit changes. */
describe.each([builds[1]!, builds[6]!])('after an edit: $compiler $format $decorators', (how) => {
  const main = `${folderOf(how)}/main.js`
  const rebuilt = async (env: Readonly<Record<string, string>> = {}) => {
    await build(project, how)
    const { code, out, err } = await autocache(project, 'stamp', folderOf(how))
    if (code !== 0) throw new Error(out + err)
    return run(project, [main], env)
  }
  /** What it says of the sources as they are; every test that edits them leaves them and the folder so. */
  let before: Record<string, Said>
  beforeAll(async () => {
    before = await rebuilt()
  }, 60_000)

  test.each([
    ['a comment', 'src/price.ts', '/** A helper,', '/** Some helper,', []],
    ['a helper in another file', 'src/round.ts', 'value * 100', 'value * 1000', ['gross', 'inFrancs', 'inPounds']],
    [
      'a parameter of a helper renamed',
      'src/round.ts',
      '(value: number): number => Math.round(value ',
      '(amount: number): number => Math.round(amount ',
      [],
    ],
    ['what is injected', 'src/repository.ts', '[3, 4,', '[3, 5,', ['total']],
    ['a base class', 'src/repository.ts', 'return 1', 'return 2', ['total']],
    ['a value of JSON', 'src/rates.json', '0.2,', '0.21,', ['countryRate']],
    ['an initialiser of a module', 'src/region.ts', "?? 'eu'", "?? 'us'", ['shipping']],
  ] as const)(
    '%s',
    async (_name, file, from, to, cold) => {
      project.replace(file, from, to)
      const after = await rebuilt()
      project.replace(file, to, from)
      expect(Object.keys(after).filter((name) => after[name]!.key !== before[name]!.key)).toEqual(cold)
      expect(await rebuilt()).toEqual(before)
    },
    120_000,
  )

  test.each([
    ['a helper in another file', 'src/round.ts', 'value * 100', 'value * 1000'],
    ['a value of JSON', 'src/rates.json', '0.2,', '0.21,'],
  ])(
    '%s, compiled as watchers do: files that were not written anew share nothing until the folder is stamped again',
    async (_name, file, from, to) => {
      const stamped = filesOf(folderOf(how))
      project.replace(file, from, to)
      await build(project, how)
      // A watcher writes what was edited, and leaves the others as they are.
      const edited = file.replace('src/', '').replace('.ts', '.js')
      for (const [name, text] of Object.entries(stamped))
        if (name.replace(/\.map$/, '') !== `${folderOf(how)}/${edited}`) project.write(name, text)
      const { said, err } = await runLoud(main)
      for (const [name, { version }] of Object.entries(said)) expect(version, name).toMatch(/^p-/)
      expect(err).toContain('was built in part since `autocache stamp` wrote into it')
      const { code, out } = await autocache(project, 'stamp', folderOf(how))
      expect(code, out).toBe(0)
      const after = await run(project, [main])
      expect(Object.values(after).every(({ version }) => version.startsWith('s1-'))).toBe(true)
      project.replace(file, to, from)
      expect(await rebuilt()).toEqual(before)
    },
    120_000,
  )

  test('a copy of the whole folder is as good as the folder', async () => {
    const copy = 'deployed/dist'
    for (const [name, text] of Object.entries(filesOf(folderOf(how))))
      project.write(name.replace(folderOf(how), copy), text)
    project.write(`${copy}/package.json`, project.read(`${folderOf(how)}/package.json`))
    expect(await run(project, [`${copy}/main.js`])).toEqual(before)
  }, 60_000)

  test('another value of the environment is another key under the same version', async () => {
    for (const [env, read] of [
      [{ SHOP_FEE: '6' }, 'shipping'],
      [{ SHOP_REGION: 'us' }, 'shipping'],
      [{ SHOP_SCALE: '2' }, 'total'],
    ] as const) {
      const after = await run(project, [main], env)
      expect(Object.keys(after).filter((name) => after[name]!.key !== before[name]!.key)).toEqual([read])
      expect(after[read]!.version).toBe(before[read]!.version)
    }
  }, 60_000)
})

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Texts of the files of a folder, and when they were written. */
function snapshotOf(folder: string): Record<string, string> {
  const names = readdirSync(project.path(folder)).filter((name) => /\.(?:js|map)$/.test(name))
  return Object.fromEntries(
    names.map((name) => [
      name,
      `${statSync(project.path(`${folder}/${name}`)).mtimeMs} ${project.read(`${folder}/${name}`)}`,
    ]),
  )
}

/** Texts of the files that a compiler wrote, by their paths in the project. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(project.path(folder)).filter((name) => /\.(?:js|map|json)$/.test(name))
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, project.read(`${folder}/${name}`)]))
}

async function runLoud(main: string): Promise<{ readonly said: Record<string, Said>; readonly err: string }> {
  const { out, err } = await node(project, [main])
  return { said: JSON.parse(out.trim().split('\n').at(-1)!) as Record<string, Said>, err }
}

function withMap(folder: string, name: string): { readonly code: string; readonly map: TraceMap } {
  const code = project.read(`${folder}/${name}`)
  const [, inline] = /sourceMappingURL=data:[^,]+,(\S+)/.exec(code) ?? []
  const text = inline ? Buffer.from(inline, 'base64').toString() : project.read(`${folder}/${name}.map`)
  return { code, map: new TraceMap(text) }
}

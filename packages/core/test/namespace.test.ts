import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AutocacheError, createAutocache, isAutocacheError, memoryStore } from '../src/index.ts'
import { installCore, syncStore } from './version-support.ts'

let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'autocache namespace ')))
  installCore(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

const program = `
import { createAutocache, memoryStore } from '@autocache/core'
const own = memoryStore()
const store = { ...own, lifetime: process.env.LIFETIME ?? 'shared' }
try {
  const { cached } = createAutocache({ store, ttl: 1000, version: '1' })
  console.log(cached(function load(id) { return id }).keyOf('1').split(':')[0])
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }))
}
`

/** What the program prints, from `script` and run in `cwd` (both below the folder), beside these package.json files. */
function run(script: string, cwd: string, manifests: Record<string, string>, env: Record<string, string> = {}): string {
  const home = join(folder, `case-${(cases += 1)}`)
  for (const [path, text] of [...Object.entries(manifests), [script, program] as const]) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  mkdirSync(join(home, cwd), { recursive: true })
  const answer = execFileSync(process.execPath, [join(home, script)], {
    cwd: join(home, cwd),
    encoding: 'utf8',
    env: { PATH: '', ...env },
  })
  return answer.trim()
}
let cases = 0
const named = (name: unknown) => JSON.stringify({ name, type: 'module' })

describe('the default namespace over a shared store', () => {
  test('is the name of the package nearest to the program, wherever it is run', () => {
    const manifests = { 'shop/package.json': named('shop'), 'elsewhere/package.json': named('elsewhere') }
    expect(run('shop/src/deep/main.mjs', 'elsewhere', manifests)).toBe('shop')
    expect(run('shop/main.mjs', 'shop', manifests)).toBe('shop')
  })

  test('is that of the nearest of two, and passes one without a name or one that is broken', () => {
    const outer = { 'package.json': named('outer') }
    expect(run('inner/main.mjs', '.', { ...outer, 'inner/package.json': named('inner') })).toBe('inner')
    for (const nameless of ['{"type":"module"}', named(''), named(7), '{', 'null', '[]']) {
      // Beside the script Node itself reads the file, so a broken one lies in the working directory.
      expect(run('node_modules/.bin/main.mjs', 'inner', { ...outer, 'inner/package.json': nameless })).toBe('outer')
    }
  })

  test('is that of the working directory where the program is a tool beneath node_modules', () => {
    const manifests = { 'shop/package.json': named('shop'), 'shop/node_modules/runner/package.json': named('runner') }
    expect(run('shop/node_modules/runner/bin.mjs', 'shop', manifests)).toBe('shop')
  })

  test('is that of the working directory where there is none above the program', () => {
    expect(run('tools/main.mjs', 'shop', { 'shop/package.json': named('shop') })).toBe('shop')
  })

  test('keeps a scope apart in the key', () => {
    const name = run('main.mjs', '.', { 'package.json': named('@acme/shop') })
    expect(name).toBe('@acme/shop')
  })

  test('is a clear error where there is none', () => {
    const error = JSON.parse(run('main.mjs', '.', {})) as { code: string; message: string }
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toContain('`namespace`')
    expect(error.message).toContain('package.json')
  })

  test('is not looked for in process', () => {
    expect(run('main.mjs', '.', {}, { LIFETIME: 'process' })).toBe('local')
  })

  test('is not needed where it is given, on the instance or the function', () => {
    const options = { store: syncStore(), ttl: 1, version: '1' }
    const load = function load() {}
    expect(
      createAutocache({ ...options, namespace: 'shop' })
        .cached(load)
        .keyOf(),
    ).toMatch(/^shop:/)
    expect(
      createAutocache({ ...options, namespace: 'shop' })
        .cached(load, { namespace: 'till' })
        .keyOf(),
    ).toMatch(/^till:/)
  })

  test('keeps two programs apart in one store', () => {
    const store = syncStore()
    const [one, other] = ['one', 'other'].map((namespace) =>
      createAutocache({ store, ttl: 1e6, version: '1', namespace }).cached((_: string) => namespace, { name: 'load' }),
    )
    expect([one!('1'), other!('1'), one!('1')]).toEqual(['one', 'other', 'one'])
  })
})

describe('two copies of this package', () => {
  type Core = typeof import('../src/index.ts')
  const load = async () =>
    (await import(/* @vite-ignore */ join(folder, 'node_modules/@autocache/core/dist/index.js'))) as Core

  test('know the errors of each other', async () => {
    const second = await load()
    expect(second.AutocacheError).not.toBe(AutocacheError)
    const theirs = await catchFrom(() => second.createAutocache({ ttl: -1 }))
    expect(theirs).not.toBeInstanceOf(AutocacheError)
    expect(isAutocacheError(theirs)).toBe(true)
    expect(second.isAutocacheError(await catchFrom(() => createAutocache({ ttl: -1 })))).toBe(true)
    for (const other of [new Error('mine'), { code: 'INVALID_OPTION' }, null, undefined, 'text', 5])
      expect(isAutocacheError(other)).toBe(false)
  })

  test('know the cached functions of each other', async () => {
    const second = await load()
    const api = { load: second.createAutocache().cached((id: number) => id + 1) }
    api.load(1)
    expect(createAutocache().of(api, 'load').peek(1)).toMatchObject({ state: 'fresh', value: 2 })
  })

  test('never meet in one store of this process', async () => {
    const second = await load()
    const store = memoryStore()
    const one = createAutocache({ store }).cached(() => 'one', { name: 'load' })
    const other = second.createAutocache({ store }).cached(() => 'other', { name: 'load' })
    expect([one(), other(), one(), other()]).toEqual(['one', 'other', 'one', 'other'])
  })

  test('know the keys of each other', async () => {
    const second = await load()
    const value = { [second.cacheKey]: () => 7 }
    const fn = createAutocache().cached((given: object) => Object.getOwnPropertySymbols(given).length)
    expect(second.cacheKey).toBe((await import('../src/index.ts')).cacheKey)
    expect(fn(value)).toBe(1)
  })
})

async function catchFrom(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('did not throw')
}

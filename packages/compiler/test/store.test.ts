import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { createStore, storeKey } from '../src/store.ts'
import { onDisk } from './on-disk.ts'

const summary = { text: 'é\u2028\ud800', list: [1, -0.5, null], __proto__: null, nested: { deep: [] } }

/** The files of a store, but its marker. */
const entriesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && !file.endsWith('swept'))

test('an entry is read back as it was written, by another store over the same folder', () => {
  const folder = join(onDisk({}), 'deep/cache')
  const key = storeKey(['a'])
  expect(createStore(folder).get(key)).toBeUndefined()
  createStore(folder).set(key, summary)
  expect(createStore(folder).get(key)).toEqual(JSON.parse(JSON.stringify(summary)))
  expect(createStore(folder).get(storeKey(['b']))).toBeUndefined()
})

test('no part of a key can imitate another', () => {
  const keys = [['ab'], ['a', 'b'], ['a', '', 'b'], ['', 'ab'], ['2:ab'], ['a1:b'], [], ['']].map(storeKey)
  expect(new Set(keys).size).toBe(keys.length)
})

test('a damaged entry counts as absent and is written anew', () => {
  const folder = onDisk({})
  const key = storeKey(['a'])
  const store = createStore<unknown>(folder)
  store.set(key, summary)
  const [file] = entriesOf(folder) as [string]
  const whole = readFileSync(file)
  const flipped = Buffer.from(whole)
  flipped[60] = flipped[60]! ^ 1
  const damaged = [
    Buffer.alloc(0),
    whole.subarray(0, 40),
    whole.subarray(0, -1),
    Buffer.concat([whole, whole]),
    flipped,
  ]
  for (const bytes of [...damaged, Buffer.from('null'), Buffer.from('{"a":1}')]) {
    writeFileSync(file, bytes)
    expect(store.get(key)).toBeUndefined()
  }
  store.set(key, summary)
  expect(store.get(key)).toEqual(JSON.parse(JSON.stringify(summary)))
})

test('an entry under the key of another counts as absent', () => {
  const folder = onDisk({})
  const store = createStore<unknown>(folder)
  const [a, b] = [storeKey(['a']), storeKey(['b'])]
  store.set(a, 'A')
  store.set(b, 'B')
  const place = (key: string) => join(folder, key.slice(0, 2), key.slice(2))
  writeFileSync(place(a), readFileSync(place(b)))
  expect(store.get(a)).toBeUndefined()
  expect(store.get(b)).toBe('B')
})

test('a folder that cannot be written is no error', () => {
  const root = onDisk({ file: '' })
  const store = createStore<unknown>(join(root, 'file/cache'))
  store.set(storeKey(['a']), 1)
  store.sweep()
  expect(store.get(storeKey(['a']))).toBeUndefined()
})

test('without a folder nothing is kept', () => {
  const store = createStore<unknown>(false)
  store.set(storeKey(['a']), 1)
  store.sweep()
  expect(store.get(storeKey(['a']))).toBeUndefined()
})

test('entries not used for long are dropped, and a use keeps one', () => {
  const folder = onDisk({})
  const hour = 60 * 60 * 1000
  const store = createStore<unknown>(folder, { age: 48 * hour, interval: 0 })
  const keys = [storeKey(['used']), storeKey(['unused']), storeKey(['new'])]
  for (const key of keys) store.set(key, key)
  const old = (Date.now() - 72 * hour) / 1000
  for (const key of keys.slice(0, 2)) utimesSync(join(folder, key.slice(0, 2), key.slice(2)), old, old)
  expect(store.get(keys[0]!)).toBe(keys[0])
  store.sweep()
  expect(keys.map((key) => store.get(key) !== undefined)).toEqual([true, false, true])
})

test('when there is too much, what was not used for longest goes', () => {
  const folder = onDisk({})
  const store = createStore<unknown>(folder, { bytes: 10_000, interval: 0 })
  const keys = Array.from({ length: 20 }, (_, place) => storeKey([String(place)]))
  for (const [place, key] of keys.entries()) {
    store.set(key, 'x'.repeat(1000))
    const used = Date.now() / 1000 - 1000 + place
    utimesSync(join(folder, key.slice(0, 2), key.slice(2)), used, used)
  }
  store.sweep()
  const kept = keys.map((key) => store.get(key) !== undefined)
  expect(kept).toEqual(kept.map((_, place) => place >= 20 - 7))
})

test('the folder is looked through once in an interval', () => {
  const folder = onDisk({})
  const age = 1000
  const store = createStore<unknown>(folder, { age })
  const key = storeKey(['a'])
  store.set(key, 1)
  store.sweep()
  const old = Date.now() / 1000 - 60
  utimesSync(join(folder, key.slice(0, 2), key.slice(2)), old, old)
  store.sweep()
  expect(store.get(key)).toBe(1)
})

test('what a process left behind when it ended between write and rename is dropped', () => {
  const folder = onDisk({ 'ab/.1-ff.tmp': 'half', 'ab/.2-ff.tmp': 'being written' })
  const old = Date.now() / 1000 - 2 * 60 * 60
  utimesSync(join(folder, 'ab/.1-ff.tmp'), old, old)
  const store = createStore<unknown>(folder, { interval: 0 })
  store.set(storeKey(['a']), 1)
  store.sweep()
  expect(readdirSync(join(folder, 'ab'))).not.toContain('.1-ff.tmp')
  expect(readdirSync(join(folder, 'ab'))).toContain('.2-ff.tmp')
})

test('processes that write and read the same entries at once see whole ones only', async () => {
  const folder = onDisk({})
  const script = `
    const { createStore, storeKey } = await import(process.argv[1])
    const store = createStore(process.argv[2], { interval: 0 })
    let seen = 0
    for (let round = 0; round < 60; round++) {
      for (let place = 0; place < 8; place++) {
        const key = storeKey([String(place)])
        const value = String(place).repeat(20_000)
        const found = store.get(key)
        if (found !== undefined && found !== value) process.exit(1)
        if (found !== undefined) seen++
        store.set(key, value)
      }
      if (round % 20 === 0) store.sweep()
    }
    process.exit(seen > 0 ? 0 : 2)`
  const module = await buildStore()
  const runs = Array.from(
    { length: 3 },
    () =>
      new Promise<number | null>((done) => {
        const args = ['--input-type=module', '-e', script, module, folder]
        spawn(process.execPath, args, { stdio: 'ignore' }).on('exit', done)
      }),
  )
  expect(await Promise.all(runs)).toEqual([0, 0, 0])
  expect(entriesOf(folder).filter((file) => file.endsWith('.tmp'))).toEqual([])
})

/** The store as a module that Node runs by itself. */
async function buildStore(): Promise<string> {
  const { default: ts } = await import('typescript')
  const text = readFileSync(new URL('../src/store.ts', import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  return pathToFileURL(join(onDisk({ 'store.mjs': outputText }), 'store.mjs')).href
}

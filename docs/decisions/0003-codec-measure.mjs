// biome-ignore-all lint/suspicious/noSparseArray: holes are a kind of value
// biome-ignore-all lint/suspicious/noThenProperty: so is what looks like a promise
// What decision 0003 measured. It installs nothing; give it a folder where the candidates and esbuild are installed:
//
//   npm i --ignore-scripts --prefix DIR devalue@6.0.3 superjson@2.2.6 msgpackr@2.1.3 esbuild
//   node --expose-gc docs/decisions/0003-codec-measure.mjs DIR
//
// Without a folder it looks from the working directory. A candidate that is not there is left out and named.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const home = resolve(process.argv[2] ?? '.')
const { build } = createRequire(join(home, 'package.json'))('esbuild')
const own = fileURLToPath(new URL('../../packages/core/src/codec.ts', import.meta.url))

const sources = {
  'codec.ts': [`export * from ${JSON.stringify(own)}`, (m) => m.codec, 'codec'],
  devalue: [`export { stringify, parse } from 'devalue'`, (m) => ({ encode: (v) => m.stringify(v), decode: m.parse })],
  superjson: [
    `export { default } from 'superjson'`,
    ({ default: s }) => ({ encode: (v) => s.stringify(v), decode: (t) => s.parse(t) }),
  ],
  msgpackr: [
    `export { Packr } from 'msgpackr'`,
    (m) => {
      const packr = new m.Packr({ structuredClone: true, moreTypes: true })
      return { encode: (v) => packr.pack(v), decode: (b) => packr.unpack(b) }
    },
  ],
}

const codecs = {}
const rows = { 'bundle, min+gz': {} }
for (const [name, [contents, adapt]] of Object.entries(sources)) {
  const options = {
    stdin: { contents, resolveDir: home },
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    nodePaths: [join(home, 'node_modules')],
    logLevel: 'silent',
  }
  try {
    const code = (await build({ ...options, platform: 'browser' })).outputFiles[0].contents
    rows['bundle, min+gz'][name] = `${(gzipSync(code, { level: 9 }).length / 1000).toFixed(2)} kB`
    const file = join(home, `.measure-${name}.mjs`)
    writeFileSync(file, (await build({ ...options, platform: 'node' })).outputFiles[0].contents)
    codecs[name] = adapt(await import(pathToFileURL(file)))
    rmSync(file)
  } catch (error) {
    console.log(`${name} is left out: ${String(error.message).split('\n')[0]}`)
  }
}
const row = (label, cell) => {
  rows[label] = Object.fromEntries(Object.entries(codecs).map(([name, codec]) => [name, cell(codec, name)]))
}

// Size and speed.
const user = (i) => ({
  id: i,
  name: `Ada Lovelace ${i}`,
  email: `ada.${i}@example.com`,
  admin: i % 7 === 0,
  joined: new Date(1.7e12 + i),
  score: i / 3,
  tags: ['a', 'b', `t${i % 50}`],
  address: { street: `${i} Main St`, city: 'London', zip: null },
})
const values = {
  'small (1 row)': user(1),
  'medium (100 rows)': { total: 100, rows: Array.from({ length: 100 }, (_, i) => user(i)), byId: new Map([[1, 2]]) },
  'large (10,000 rows)': Array.from({ length: 10_000 }, (_, i) => user(i)),
  '10,000 numbers': Array.from({ length: 10_000 }, (_, i) => i * 1.5),
  '64 kB of bytes': new Uint8Array(65_536).map((_, i) => i * 7),
}
function time(work) {
  const until = (ms, start = performance.now()) => {
    let runs = 0
    for (; performance.now() - start < ms; runs++) work()
    return ((performance.now() - start) / runs) * 1000
  }
  until(300)
  globalThis.gc?.()
  const us = Math.min(until(300), until(300), until(300))
  return us < 1000 ? `${us.toPrecision(3)} µs` : `${(us / 1000).toPrecision(3)} ms`
}
for (const [label, value] of Object.entries(values)) {
  row(`${label}: bytes`, (codec) => Buffer.byteLength(codec.encode(value)).toLocaleString('en'))
  row(`${label}: encode`, (codec) => time(() => codec.encode(value)))
  row(`${label}: decode`, (codec) => {
    const text = codec.encode(value)
    return time(() => codec.decode(text))
  })
}

// Fidelity: kept, refused, or changed without a word.
class Money {
  cents = 5
}
class List extends Array {}
const circle = {}
circle.self = circle
const error = Object.assign(new TypeError('m', { cause: { why: 1 } }), { code: 'E' })
const shared = { a: 1 }
const pool = Buffer.from('secret-and-public')
const define = (value, key, descriptor) => Object.defineProperty(value, key, descriptor)
const kinds = {
  undefined,
  '-0': -0,
  NaN,
  Infinity,
  bigint: 2n ** 70n,
  'lone surrogate': '\ud800',
  'undefined property': { a: undefined },
  holes: [1, , 2],
  date: new Date(5),
  'invalid date': new Date(NaN),
  regexp: /a\/b/giu,
  url: new URL('https://a.example/?b=1'),
  search: new URLSearchParams('a=1&a=2'),
  headers: new Headers([['a', '1']]),
  map: new Map([[{ k: 1 }, NaN]]),
  set: new Set([1, '1']),
  uint8: new Uint8Array([1, 2]),
  float64: new Float64Array([1.5]),
  bigint64: new BigInt64Array([1n]),
  'array buffer': new Uint8Array([1, 2]).buffer,
  'data view': new DataView(new ArrayBuffer(2)),
  buffer: Buffer.from('hi'),
  'partial view': new Uint8Array(pool.buffer, pool.byteOffset + 11, 6),
  'error, cause, code': error,
  'aggregate error': new AggregateError([new Error('a')], 'm'),
  'registered symbol': Symbol.for('s'),
  'boxed number': Object(1),
  'null prototype': Object.assign(Object.create(null), { a: 1 }),
  cycle: circle,
  'shared reference': [shared, shared],
  'key "constructor"': { constructor: 1, then: 2 },
  function: { f() {} },
  symbol: Symbol('s'),
  instance: new Money(),
  'subclass of Array': List.from([1]),
  'subclass of Map': new (class Table extends Map {})([[1, 2]]),
  'subclass of Error': new (class Failure extends Error {})('m'),
  'array with a property': Object.assign([1], { total: 1 }),
  'map with a property': Object.assign(new Map(), { a: 1 }),
  'symbol key': { [Symbol.for('k')]: 1 },
  getter: {
    get a() {
      return 1
    },
  },
  'hidden property': define({ a: 1 }, 'b', { value: 2 }),
  promise: Promise.resolve(1),
  iterator: [1].values(),
  weakmap: new WeakMap(),
  'own __proto__': JSON.parse('{"__proto__":{"a":1}}'),
  'regexp mid-search': define(/a/g, 'lastIndex', { value: 1 }),
  'boxed string with a property': Object.assign(Object('a'), { b: 1 }),
  'shared array buffer': new SharedArrayBuffer(2),
  'class by toStringTag': { [Symbol.toStringTag]: 'Date' },
}
function same(a, b, seen = new Map()) {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (seen.has(a)) return seen.get(a) === b
  seen.set(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const text = (v) =>
    v instanceof Date
      ? v.getTime()
      : v instanceof RegExp || v instanceof URL || v instanceof URLSearchParams
        ? String(v)
        : v instanceof ArrayBuffer || v instanceof DataView
          ? Buffer.from(v.buffer ?? v).toString('hex')
          : Object.prototype.toString.call(v) === '[object Number]'
            ? Number(v)
            : 0
  if (!Object.is(text(a), text(b))) return false
  const parts = (v) =>
    v instanceof Map ? [...v].flat() : v instanceof Set || v instanceof Headers ? [...v].flat() : []
  const keys = Reflect.ownKeys(a)
  if (keys.map(String).join() !== Reflect.ownKeys(b).map(String).join() && !(a instanceof Error && b instanceof Error))
    return false
  const ds = (v, k) => Object.getOwnPropertyDescriptor(v, k) ?? {}
  return (
    keys.every(
      (k) =>
        'value' in ds(a, k) === 'value' in ds(b, k) &&
        ds(a, k).enumerable === ds(b, k).enumerable &&
        same(ds(a, k).value, ds(b, k).value, seen),
    ) &&
    parts(a).length === parts(b).length &&
    parts(a).every((part, i) => same(part, parts(b)[i], seen))
  )
}
const changed = {}
row(`${Object.keys(kinds).length} kinds: kept / refused / changed`, (codec, name) => {
  const counts = { kept: 0, refused: 0, changed: 0 }
  for (const [kind, value] of Object.entries(kinds)) {
    let fate = 'refused'
    try {
      fate = same(value, codec.decode(codec.encode(value))) ? 'kept' : 'changed'
    } catch {}
    counts[fate]++
    if (fate === 'changed') (changed[name] ??= []).push(kind)
  }
  return Object.values(counts).join(' / ')
})

// Hostile input.
const outcome = (work) => {
  try {
    work()
    return 'value'
  } catch (error) {
    return error.name
  }
}
const nest = (levels) => Array.from({ length: levels }).reduce((value) => ({ value }), 1)
row('encode 500 levels, decode', (codec) => outcome(() => codec.decode(codec.encode(nest(500)))))
row('encode 5,000 levels', (codec) => outcome(() => codec.encode(nest(5_000))))
row('getters run by encode', (codec) => {
  let runs = 0
  outcome(() =>
    codec.encode({
      get a() {
        return ++runs
      },
    }),
  )
  return runs
})
row('bytes of a view of 6 in a pool of 8,192', (codec) =>
  Buffer.byteLength(codec.encode(new Uint8Array(pool.buffer, pool.byteOffset, 6))),
)
const tricks = {
  'codec.ts': ['[{"__proto__":1},{"polluted":2},1]', '[[-7,4294967295]]'],
  devalue: ['[{"__proto__":1},{"polluted":2},1]', '[[-7,4294967295]]'],
  superjson: [
    '{"json":{"a":{"polluted":1}},"meta":{"values":{"__proto__.polluted":["Date"],"constructor.prototype.polluted":["Date"]}}}',
    '{"json":{"length":4294967295},"meta":{}}',
  ],
  msgpackr: [
    Buffer.from([0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa8, ...Buffer.from('polluted'), 1]),
    Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  ],
}
row(
  'prototype named by the text',
  (codec, name) => `${outcome(() => codec.decode(tricks[name][0]))}${{}.polluted === undefined ? '' : ', POLLUTED'}`,
)
row('a length of 4 billion', (codec, name) => {
  const before = process.memoryUsage().rss
  const fate = outcome(() => codec.decode(tricks[name][1]))
  return `${fate}, ${Math.max(0, Math.round((process.memoryUsage().rss - before) / 2 ** 20))} MB`
})
const tally = (fates) =>
  [...new Set(fates)]
    .sort()
    .map((fate) => `${fate} ${fates.filter((other) => other === fate).length}`)
    .join(', ')
const sample = { rows: [user(1), user(2)], set: new Set([1n]), map: new Map([['a', /b/g]]), bytes: new Uint8Array(20) }
row('cut off at every 1 %', (codec) => {
  const text = codec.encode(sample)
  return tally(
    Array.from({ length: 100 }, (_, i) =>
      outcome(() => codec.decode(text.slice(0, Math.floor((text.length * i) / 100)))),
    ),
  )
})
row('one bit flipped, 1,000 times', (codec) => {
  const text = Buffer.from(codec.encode(sample))
  const isText = typeof codec.encode(1) === 'string'
  return tally(
    Array.from({ length: 1_000 }, (_, i) => {
      const bad = Buffer.from(text)
      bad[(i * 7919) % bad.length] ^= 1 << (i % 8)
      return outcome(() => codec.decode(isText ? bad.toString() : bad))
    }),
  )
})

const versions = Object.keys(codecs).map((name) => {
  try {
    return `${name} ${JSON.parse(readFileSync(join(home, 'node_modules', name, 'package.json'), 'utf8')).version}`
  } catch {
    return name
  }
})
console.log(
  `${new Date().toISOString().slice(0, 10)}, node ${process.version}, ${process.arch}; ${versions.join(', ')}\n`,
)
console.log(`| | ${Object.keys(codecs).join(' | ')} |\n|---|${'---|'.repeat(Object.keys(codecs).length)}`)
for (const [label, cells] of Object.entries(rows))
  console.log(
    `| ${label} | ${Object.keys(codecs)
      .map((name) => cells[name])
      .join(' | ')} |`,
  )
console.log()
for (const [name, list] of Object.entries(changed)) console.log(`${name} changes: ${list.join(', ')}`)

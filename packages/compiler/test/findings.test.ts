import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const core = "import { cached } from '@autocache/core'\n"
/** `code @line:column path`: line 1 imports `cached`, `before` comes next, then the function. */
const said = (code: string, before = '') =>
  inMemory({ 'main.ts': `${core}${before}export const f = cached((k, res) => { ${code} })` })
    .functions.at(-1)!
    .diagnostics.filter(({ code: each }) => each !== 'unresolved')
    .map(({ code: each, position, path }) => `${each} @${position.line}:${position.column} ${path.join('>')}`)

const found: Record<string, readonly [code: string, said: readonly string[], before?: string]> = {
  'the clock': ['return Date.now()', ['impure-time @2:46 f']],
  'the clock as a date': ['return new Date()', ['impure-time @2:46 f']],
  'the clock as a text': ['return Date()', ['impure-time @2:46 f']],
  'the clock of a global': ['return globalThis.performance.now()', ['impure-time @2:46 f']],
  'the clock, handed on': ['return [k].map(Date.now)', ['impure-time @2:54 f']],
  'the clock in a helper': ['return now()', ['impure-time @2:19 f>now'], 'const now = () => Date.now()\n'],
  chance: ['return Math.random()', ['impure-random @2:46 f']],
  'chance, handed on': ['return [k].map(Math.random)', ['impure-random @2:54 f']],
  'chance of a global': ['return crypto.randomUUID()', ['impure-random @2:46 f']],
  'chance of a module': ['return randomUUID()', ['impure-random @3:46 f'], "import { randomUUID } from 'crypto'\n"],
  'the network': ['return fetch(k)', ['io @2:46 f']],
  files: ['return fs.readFileSync(k)', ['io @3:46 f'], "import * as fs from 'node:fs'\n"],
  'an initialiser with the clock': ['return c', ['impure-init @2:11 f>c'], 'const c = Date.now()\n'],
  'an initialiser that calls itself': ['return c', ['impure-init @2:18 f>c'], 'const c = (() => Date.now())()\n'],
  'an initialiser with a file': [
    'return c',
    ['impure-init @3:11 f>c'],
    "import { readFileSync } from 'node:fs'\nconst c = readFileSync('x')\n",
  ],
  'a static field with the clock': ['return A.c', ['impure-init @2:22 f>A'], 'class A { static c = Date.now() }\n'],
  'an initialiser that waits': [
    'return c',
    ['impure-init @2:11 f>c'],
    'const c = await g()\nfunction g() { return 1 }\n',
  ],
  'a locale that is not named': ['return k.toLocaleString()', ['locale-tz @2:46 f']],
  'a locale that is undefined': ['return new Intl.NumberFormat(undefined, {}).format(k)', ['locale-tz @2:46 f']],
  'a format without new': ['return Intl.NumberFormat().format(k)', ['locale-tz @2:46 f']],
  'a comparison without a locale': ['return k.localeCompare("a")', ['locale-tz @2:46 f']],
  'a date without a time zone': ['return k.toLocaleDateString("en", { year: "numeric" })', ['locale-tz @2:46 f']],
  'a part of a local date': ['return k.getHours()', ['locale-tz @2:46 f']],
  'a local date made of parts': ['return new Date(2020, 1).getTime()', ['locale-tz @2:46 f']],
  'a store of the request': [
    'return als.getStore()?.tenant',
    ['request-context @4:46 f'],
    "import { AsyncLocalStorage } from 'node:async_hooks'\nconst als = new AsyncLocalStorage()\n",
  ],
  cookies: ['return cookies()', ['request-context @3:46 f'], "import { cookies } from 'next/headers'\n"],
  'headers of a namespace': ['return h.headers()', ['request-context @3:46 f'], "import * as h from 'next/headers'\n"],
  'an import of a computed name': ['return import(k)', ['dynamic-import @2:46 f']],
  'a require of a computed name': ['return require(k)', ['dynamic-require @2:46 f']],
  eval: ['return eval(k)', ['eval @2:46 f']],
  'eval by another way': ['return (0, eval)(k)', ['eval @2:50 f']],
  'new Function': ['return new Function(k)', ['eval @2:46 f']],
  'the place of the file': ['return import.meta.url', ['location-dependent @2:46 f']],
  'the place of the file, destructured': ['const { url } = import.meta; return url', ['location-dependent @2:55 f']],
  'the folder of the file': ['return __dirname', ['location-dependent @2:46 f']],
  'a variable that functions change': [
    'return n',
    ['mutable-capture @2:5 f>n'],
    'let n = 0\nexport function inc() { n++ }\n',
  ],
  'a map that functions fill': [
    'return m.get(k)',
    ['mutable-capture @2:7 f>m'],
    'const m = new Map()\nexport function put(a) { m.set(a, 1) }\n',
  ],
  'an object that functions change': [
    'return o.x',
    ['mutable-capture @2:7 f>o'],
    'const o = { x: 1 }\nexport function setX() { o.x = 2 }\n',
  ],
}

describe('reported where it stands, with the way to it', () => {
  for (const [title, [code, expected, before]] of Object.entries(found)) {
    test(title, () => expect(said(code, before)).toEqual(expected))
  }
})

const quiet: Record<string, readonly [code: string, before?: string]> = {
  'a header that is set on an argument': ['res.set("a", 1); res.setHeader("a", 1); return 1'],
  'headers that are its own': ['const h = new Headers(); h.set("a", "b"); return h'],
  'a map that is its own': ['const m = new Map(k); m.set(1, 2); return m.get(1)'],
  'a list that is its own': ['const out = []; for (const x of k) out.push(x); return out'],
  'a variable that is its own': ['let n = 0; n++; return n'],
  'an argument that it changes': ['k.x = 1; return k'],
  'a date it is given': ['return k.getTime()'],
  'a date from a text': ['return new Date(k).toISOString() + new Date(k).getUTCFullYear()'],
  'a named locale': ['return k.toLocaleString("en") + new Intl.NumberFormat("en").format(k)'],
  'a named time zone': ['return k.toLocaleDateString("en", { timeZone: "UTC" })'],
  'a digest': ['return createHash("sha1").update(k).digest("hex")', "import { createHash } from 'node:crypto'\n"],
  'a test for what there is': ['return typeof fetch === "function" && typeof crypto.randomUUID === "function"'],
  'a table': ['return T[k]', 'const T = { a: 1, b: [1, 2] }\n'],
  'a map that its module fills': ['return T.get(k)', 'const T = new Map()\nT.set("a", 1)\n'],
  'a write-once client (R06)': ['return (c ??= make())', 'let c\nconst make = () => 1\n'],
  'a copy that is sorted': ['return [...T].sort()', 'const T = [3, 1]\n'],
  'a filtered list that is sorted': ['return T.filter(Boolean).sort()', 'const T = [3, 1]\n'],
  'an accumulator': ['return T.reduce((all, x) => { all[x.id] = x; return all }, {})', 'const T = [{ id: 1 }]\n'],
  'a copy of an object': ['return Object.assign({}, T, { ...T })', 'const T = { a: 1 }\n'],
  'a class that sets its own fields': [
    'return new A(k).x',
    'class A { constructor(x) { this.x = x } set(y) { this.x = y } }\n',
  ],
  'a store that is none': ['return k.getStore("x")'],
  'the console': ['console.log(k); return 1'],
  'a module with a fixed folder': ['return import(`./l/${k}.json`)'],
}

describe('nothing is said of', () => {
  for (const [title, [code, before]] of Object.entries(quiet)) test(title, () => expect(said(code, before)).toEqual([]))
})

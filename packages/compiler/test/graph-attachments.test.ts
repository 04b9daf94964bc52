import { describe, expect, test } from 'vitest'
import { type MemoryOptions, same } from './memory-program.ts'

type Files = Readonly<Record<string, string>>

/** One program, and what stands in place of `§` before and after the edit. */
const edit = (files: Files, before: string, after: string): readonly [Files, Files] => {
  const put = (text: string) =>
    Object.fromEntries(Object.entries(files).map(([file, source]) => [file, source.replaceAll('§', text)]))
  return [put(before), put(after)]
}

const packages = { packages: { dayjs: '1', lodash: '4', zod: '3', mongoose: '8', 'date-fns': '4', express: '5' } }

/** Edits that change what `f` returns, in the function, beside it, or far away. */
const felt: Readonly<Record<string, readonly [files: Files, before: string, after: string, options?: MemoryOptions]>> =
  {
    'a statement that assigns a member': [
      { 'm.ts': 'const c: any = {}; c.a = §; export const f = () => c.a' },
      '1',
      '2',
    ],
    'a statement that deletes a member': [
      { 'm.ts': 'const c: any = {a: 1, b: 2}; delete c.§; export const f = () => c.a' },
      'a',
      'b',
    ],
    'a call of an initialiser that writes': [
      { 'm.ts': 'let k = 0; function init(v) { k = v } init(§); export const f = () => k' },
      '1',
      '2',
    ],
    'a call of an initialiser two calls away': [
      {
        'm.ts':
          'const r = new Map(); const put = (k, v) => r.set(k, v); const init = () => { put("a", 1) }; §; export const f = () => r.get("a")',
      },
      'init()',
      '0',
    ],
    'an initialiser that is given to an array': [
      { 'm.ts': 'const r: any = {}; const add = (x) => { r[x] = 1 }; ["§"].forEach(add); export const f = () => r.a' },
      'a',
      'b',
    ],
    'a helper that changes its parameter': [
      { 'm.ts': 'const c: any = {}; const put = (o, v) => { o.v = v }; put(c, §); export const f = () => c.v' },
      '1',
      '2',
    ],
    'a helper that passes its parameter to one that changes it': [
      {
        'm.ts': 'import { c } from "./c"; export const f = () => c.v',
        'c.ts': 'export const c: any = {}',
        'entry.ts': 'import { put } from "./put"; import { c } from "./c"; put(c, §)',
        'put.ts': 'const set = (o, v) => { o.v = v }; export const put = (o, v) => set(o, v)',
      },
      '1',
      '2',
    ],
    'a write through an alias': [
      { 'm.ts': 'const c: any = {p: {}}; const a = c.p; a.v = §; export const f = () => c.p.v' },
      '1',
      '2',
    ],
    'a write through an object that holds it': [
      { 'm.ts': 'const x: any = {}; const y: any = {}; y.in = x; y.in.v = §; export const f = () => x.v' },
      '1',
      '2',
    ],
    'a write through a binding assigned later': [
      { 'm.ts': 'const x: any = {}; let y: any; y = x; y.v = §; export const f = () => x.v' },
      '1',
      '2',
    ],
    'a registration through an accessor': [
      { 'm.ts': 'const R = new Map(); const reg = () => R; reg().set("k", §); export const f = () => R.get("k")' },
      '1',
      '2',
    ],
    'a registration through what an accessor returned': [
      {
        'm.ts':
          'const R = new Map(); const reg = () => R; const r = reg(); r.set("k", §); export const f = () => R.get("k")',
      },
      '1',
      '2',
    ],
    'a registration in the entry file': [
      {
        'm.ts': 'import { R } from "./r"; export const f = () => R.get("k")',
        'r.ts': 'export const R = new Map()',
        'entry.ts': 'import { R } from "./r"; import "./m"; R.set("k", §)',
      },
      '1',
      '2',
    ],
    'a plugin of a package in the entry file': [
      {
        'm.ts': 'import dayjs from "dayjs"; export const f = (d) => dayjs(d).toString()',
        'entry.ts': 'import dayjs from "dayjs"; import "./m"; dayjs.extend(§)',
      },
      '(a) => a',
      '(a) => a + 1',
      packages,
    ],
    'a plugin set through another export of the package': [
      {
        'm.ts': 'import { template } from "lodash"; export const f = (t) => template(t)()',
        'entry.ts': 'import _ from "lodash"; _.templateSettings.interpolate = §',
      },
      '/a/',
      '/b/',
      packages,
    ],
    'a setting by a function of the package': [
      {
        'm.ts': 'import { format } from "date-fns"; export const f = (d) => format(d, "P")',
        'entry.ts': 'import { setDefaultOptions } from "date-fns"; setDefaultOptions({ weekStartsOn: § })',
      },
      '0',
      '1',
      packages,
    ],
    'a setting through a namespace of the package': [
      {
        'm.ts': 'import * as z from "zod"; export const f = (x) => z.string().safeParse(x).error.message',
        'entry.ts': 'import * as z from "zod"; z.setErrorMap(() => ({ message: § }))',
      },
      '"a"',
      '"b"',
      packages,
    ],
    'a patch of a prototype in the entry file': [
      {
        'm.ts': 'export const f = (a) => a.last()',
        'entry.ts': 'import "./m"; (Array.prototype as any).last = function () { return § }',
      },
      '1',
      '2',
    ],
    'a global that the entry file sets and the closure reads': [
      {
        'm.ts': 'declare const RATE: number; export const f = (a) => a * RATE',
        'entry.ts': 'import "./m"; (globalThis as any).RATE = §',
      },
      '1',
      '2',
    ],
    'a global set by a function that an import calls': [
      {
        'm.ts': 'import "./setup"; export const f = (a) => a * (globalThis as any).RATE',
        'setup.ts': 'import { set } from "./set"; set(§)',
        'set.ts': 'export const set = (v) => { (globalThis as any).RATE = v }',
      },
      '1',
      '2',
    ],
    'the order of two registrations': [
      { 'm.ts': 'const l: any[] = []; §; export const f = () => l' },
      'l.push(1); l.push(2)',
      'l.push(2); l.push(1)',
    ],
    'the order of two counted initialisers': [
      { 'm.ts': 'let n = 0; const next = () => n++; § export const f = () => a - b' },
      'const a = next(); const b = next();',
      'const b = next(); const a = next();',
    ],
    'the order of two imports that register': [
      {
        'm.ts': '§ import { l } from "./l"; export const f = () => l.join()',
        'l.ts': 'export const l: number[] = []',
        'a.ts': 'import { l } from "./l"; l.push(1)',
        'b.ts': 'import { l } from "./l"; l.push(2)',
      },
      'import "./a"; import "./b";',
      'import "./b"; import "./a";',
    ],
    'a statement that moves before a require': [
      {
        'm.ts': 'import "./n.cjs"; import { r } from "./r"; export const f = () => r.a',
        'n.cjs': 'const n = require("./r"); §',
        'r.ts': 'export const r: any = {}',
        'x.cjs': 'const { r } = require("./r"); r.a = 2',
      },
      'n.r.a = 1; require("./x");',
      'require("./x"); n.r.a = 1;',
    ],
    'a static counter that a constructor changes': [
      { 'm.ts': 'class A { static n = 0; constructor() { A.n++ } } § export const f = () => A.n' },
      'new A();',
      'new A(); new A();',
    ],
    'a property that a function gives itself': [
      { 'm.ts': 'function g() { g.n = (g.n || 0) + 1; return g.n } § export const f = () => g()' },
      'g();',
      '',
    ],
    'a call of a closure with state': [
      { 'm.ts': 'const make = () => { let n = 0; return () => n++ }; const c = make(); § export const f = () => c()' },
      'c();',
      '',
    ],
    'a method of an object with state': [
      {
        'm.ts':
          'const s = (() => { let n = 0; return { up: () => { n++ }, get: () => n } })(); § export const f = () => s.get()',
      },
      's.up();',
      '',
    ],
    'two maps of which one is written': [
      { 'm.ts': 'const a = new Map(), b = new Map(); a.set(1, 1); export const f = () => §.get(1)' },
      'a',
      'b',
    ],
    'two JSON files of one content of which one is written': [
      {
        'm.ts': 'import a from "./a.json"; import b from "./b.json"; (a as any).k = 2; export const f = () => §.k',
        'a.json': '{"k":1}',
        'b.json': '{"k":1}',
      },
      'a',
      'b',
    ],
    'a write to JSON from elsewhere': [
      {
        'm.ts': 'import c from "./c.json"; export const f = () => c.k',
        'n.ts': 'import c from "./c.json"; (c as any).k = §',
        'c.json': '{"k":1}',
      },
      '2',
      '3',
    ],
    'a member of the receiver of a namespace call': [
      {
        'm.ts': 'import * as n from "./n"; export const f = () => n.g()',
        'n.ts': 'export function g() { return this.k } export const k = §',
      },
      '1',
      '2',
    ],
    'a module reached by a dynamic import, through what it imports': [
      {
        'm.ts': 'export const f = async () => (await import("./d")).g()',
        'd.ts': 'import { r } from "./r"; import { x } from "./reg"; export const g = () => r.v',
        'r.ts': 'export const r: any = make(); function make() { return { put(v) { this.v = v } } }',
        'reg.ts':
          'import { r } from "./r"; const q = helper(r, §); function helper(o, v) { return Reflect.apply(o.put, o, [v]) } export const x = 0',
      },
      '1',
      '2',
    ],
    'a write in a CommonJS module that another file makes': [
      {
        'm.cjs': 'const c = {}; exports.c = c; exports.f = () => c.v',
        'n.cjs': 'const m = require("./m"); m.c.v = §',
      },
      '1',
      '2',
    ],
    'a constant that stands before or after its use': [
      { 'm.ts': '§ export const f = () => v' },
      'const k = 1; let v = 0; try { v = k } catch { v = 2 }',
      'let v = 0; try { v = k } catch { v = 2 } const k = 1;',
    ],
    'a method taken out of an object with state': [
      {
        'm.ts':
          'const s = make(); function make() { let n = 0; return { up() { n++ }, get: () => n } } const { up } = s; § export const f = () => s.get()',
      },
      'up();',
      '',
    ],
    'a class that a decorator registers': [
      {
        'm.ts': 'import { R } from "./r"; import "./a"; export const f = () => R.map((c) => new c().v)',
        'r.ts': 'export const R: any[] = []; export const reg = (c: any, _: any) => { R.push(c) }',
        'a.ts': 'import { reg } from "./r"; @reg export class A { v = § }',
      },
      '1',
      '2',
    ],
    'a static block': [
      { 'm.ts': 'const c: any = {}; class A { static { c.v = § } } export const f = () => c.v' },
      '1',
      '2',
    ],
    'Object.assign in a module beside it': [
      {
        'm.ts': 'import { c } from "./c"; export const f = () => c.v',
        'c.ts': 'export const c: any = {}',
        'n.ts': 'import { c } from "./c"; Object.assign(c, { v: § })',
      },
      '1',
      '2',
    ],
    'a sort whose result is kept': [
      { 'm.ts': 'const l = [2, 1]; § export const f = () => l[0]' },
      'const s = l.sort();',
      'const s = l.slice();',
    ],
    'a loop that writes': [
      { 'm.ts': 'const c: any = {}; for (const k of ["a"]) c[k] = §; export const f = () => c.a' },
      '1',
      '2',
    ],
    'a loop that writes to what a list holds': [
      { 'm.ts': 'const x: any = {}; const l = [x]; for (const e of l) e.v = §; export const f = () => x.v' },
      '1',
      '2',
    ],
    'a callback that writes to what a list holds': [
      { 'm.ts': 'const x: any = {}; const l = [x]; l.forEach((e) => { e.v = § }); export const f = () => x.v' },
      '1',
      '2',
    ],
    'a constructor that changes its argument': [
      { 'm.ts': 'const r: any = {}; class P { constructor(o: any) { o.v = § } } new P(r); export const f = () => r.v' },
      '1',
      '2',
    ],
    'a function called where it stands': [
      { 'm.ts': 'const c: any = {}; (() => { c.v = § })(); export const f = () => c.v' },
      '1',
      '2',
    ],
    'an implementation that is set': [
      {
        'm.ts': 'import { run } from "./impl"; import "./set"; export const f = () => run()',
        'impl.ts': 'let impl = () => 0; export const use = (x) => { impl = x }; export const run = () => impl()',
        'set.ts': 'import { use } from "./impl"; use(() => §)',
      },
      '1',
      '2',
    ],
    'a registration awaited': [
      { 'm.ts': 'const r: any = {}; const init = async () => { r.v = § }; await init(); export const f = () => r.v' },
      '1',
      '2',
    ],
    'a registration through a namespace': [
      {
        'm.ts': 'import { get } from "./r"; import "./n"; export const f = () => get("a")',
        'r.ts': 'const R = new Map(); export const put = (k, v) => { R.set(k, v) }; export const get = (k) => R.get(k)',
        'n.ts': 'import * as r from "./r"; r.put("a", §)',
      },
      '1',
      '2',
    ],
    'a registration through a method of an object': [
      {
        'm.ts': 'import { api } from "./r"; import "./n"; export const f = () => api.get("a")',
        'r.ts': 'const R = new Map(); export const api = { put(k, v) { R.set(k, v) }, get: (k) => R.get(k) }',
        'n.ts': 'import { api } from "./r"; const done = api.put("a", §)',
      },
      '1',
      '2',
    ],
    'a registration through an instance': [
      {
        'm.ts': 'import { R } from "./r"; import "./n"; export const f = () => R.get("a")',
        'r.ts': 'export const R = new Map(); export class Api { put(k, v) { R.set(k, v) } }',
        'n.ts': 'import { Api } from "./r"; const api = new Api(); api.put("a", §)',
      },
      '1',
      '2',
    ],
    'a registration through a new instance at once': [
      {
        'm.ts': 'import { R } from "./r"; import "./n"; export const f = () => R.get("a")',
        'r.ts': 'export const R = new Map(); export class Api { put(k, v) { R.set(k, v) } }',
        'n.ts': 'import { Api } from "./r"; export const x = new Api().put("a", §)',
      },
      '1',
      '2',
    ],
    'a registration of a singleton in its class': [
      {
        'm.ts': 'import { S } from "./s"; import { x } from "./n"; export const f = () => S.get().v',
        's.ts':
          'export class S { static #i: S; v = 0; static get() { return (S.#i ??= new S()) } set(v) { this.v = v } }',
        'n.ts': 'import { S } from "./s"; const s = S.get(); s.v = §; export const x = 0',
      },
      '1',
      '2',
    ],
    'a callback that another function runs': [
      {
        'm.ts':
          'const c: any = {}; const each = (l, fn) => { for (const e of l) fn(e) }; const put = (e) => { c[e] = 1 }; each(["§"], put); export const f = () => c',
      },
      'a',
      'b',
    ],
    'the environment that an import sets': [
      {
        'm.ts': 'import "./env"; import { x } from "./x"; export const f = () => process.env.A',
        'env.ts': 'process.env.A = "§"',
        'x.ts': 'export const x = 1',
      },
      'a',
      'b',
    ],
    'a statement of a module that is loaded late': [
      {
        'm.ts': 'export const f = async () => { await import("./d"); return (globalThis as any).v }',
        'd.ts': '(globalThis as any).v = §',
      },
      '1',
      '2',
    ],
    'a member of a namespace that is a list': [
      {
        'm.ts': 'import * as n from "./n"; n.l.push(§); export const f = () => n.l',
        'n.ts': 'export const l: number[] = []',
      },
      '1',
      '2',
    ],
    'a namespace handed to a function': [
      {
        'm.ts':
          'import * as n from "./n"; const put = (o) => { Object.values(o).forEach((x: any) => { x.v = § }) }; put(n); export const f = () => n.c.v',
        'n.ts': 'export const c: any = {}',
      },
      '1',
      '2',
    ],
    'a function whose property is read': [
      {
        'm.ts':
          'const g = () => 1; const tag = (x, n) => { x.tag = n }; tag(g, §); export const f = () => (g as any).tag',
      },
      '1',
      '2',
    ],
  }

describe('a version changes with', () => {
  for (const [title, [files, before, after, options]] of Object.entries(felt)) {
    test(title, () => {
      const [old, now] = edit(files, before, after)
      expect(same(old, old, options)).toBe(true)
      expect(same(old, now, options)).toBe(false)
    })
  }
})

/** Edits that cannot change what `f` returns. */
const kept: Readonly<Record<string, readonly [files: Files, before: string, after: string, options?: MemoryOptions]>> =
  {
    'a route table that names it': [
      {
        'm.ts':
          'import { other } from "./o"; import express from "express"; export const f = (a) => a; const app = express(); app.get("§", f); app.listen(1)',
        'o.ts': 'export const other = 1',
      },
      '/a',
      '/b',
      packages,
    ],
    'another use of a logger': [
      {
        'm.ts': 'import { log } from "./log"; export const f = (a) => { log.info(a); return a }',
        'log.ts':
          'const make = (n) => ({ info(x) { console.log(n, x) }, child: (m) => make(m) }); export const log = make("root")',
        'n.ts': 'import { log } from "./log"; const mine = log.child("§"); export const g = () => mine.info(1)',
      },
      'a',
      'b',
    ],
    'another schema of the same package': [
      {
        'm.ts':
          'import { z } from "zod"; import { B } from "./b"; const A = z.object({ a: z.string() }); export const f = (x) => A.parse(x)',
        'b.ts': 'import { z } from "zod"; export const B = z.object({ b: z.§() })',
      },
      'string',
      'number',
      packages,
    ],
    'another join of paths': [
      {
        'm.ts': 'import path from "node:path"; import { other } from "./b"; export const f = (x) => path.basename(x)',
        'b.ts': 'import path from "node:path"; export const other = path.resolve("§")',
      },
      'a',
      'b',
    ],
    'an unrelated statement': [
      { 'm.ts': 'const c: any = {}; const d: any = {}; d.a = §; export const f = () => c.a' },
      '1',
      '2',
    ],
    'a test that changes what it uses': [
      {
        'm.ts': 'import { c } from "./c"; export const f = () => c.a',
        'c.ts': 'export const c: any = { a: 1 }',
        'm.test.ts': 'import { c } from "./c"; import { f } from "./m"; c.a = §; f()',
      },
      '1',
      '2',
    ],
    'a local that a shared factory made': [
      {
        'm.ts': 'import { make } from "./make"; export const f = () => make().length',
        'make.ts': 'export const make = () => [1, 2]',
        'n.ts':
          'import { make } from "./make"; export const g = () => { const l = make(); l.push(§); return l }; const top = make(); top.push(§)',
      },
      '1',
      '2',
    ],
    'a local that a function of a package made': [
      {
        'm.ts': 'import { map } from "lodash"; export const f = (l) => map(l, (x) => x)',
        'n.ts': 'import { map } from "lodash"; export const g = (l) => { const r = map(l); r.push(§); return r }',
      },
      '1',
      '2',
      packages,
    ],
    'reading a table while modules load': [
      {
        'm.ts': 'import { t } from "./t"; import { u } from "./u"; export const f = () => t.get(1)',
        't.ts': 'export const t = new Map([[1, 2]])',
        'u.ts': 'import { t } from "./t"; export const u = t.has(§)',
      },
      '1',
      '2',
    ],
    'another key of a JSON file': [
      { 'm.ts': 'import c from "./c.json"; export const f = () => c.a', 'c.json': '{"a":1,"b":§}' },
      '1',
      '2',
    ],
    'another export of a namespace': [
      {
        'm.ts': 'import * as n from "./n"; export const f = () => n.a()',
        'n.ts': 'export const a = () => 1; export const b = §',
      },
      '1',
      '2',
    ],
    'a style sheet': [{ 'm.ts': 'import "./§.css"; export const f = () => 1', 'a.css': '', 'b.css': '' }, 'a', 'b'],
    'the order of functions that change it': [
      { 'm.ts': 'const c: any = {}; § export const f = () => c' },
      'const a = () => { c.a = 1 }; const b = () => { c.b = 1 };',
      'const b = () => { c.b = 1 }; const a = () => { c.a = 1 };',
    ],
    'a name, throughout': [
      { 'm.ts': 'const §: any = {}; const put = (v) => { §.v = v }; put(1); export const f = () => §.v' },
      'store',
      'state',
    ],
  }

describe('a version is kept by', () => {
  for (const [title, [files, before, after, options]] of Object.entries(kept)) {
    test(title, () => {
      const [old, now] = edit(files, before, after)
      expect(same(old, now, options)).toBe(true)
    })
  }
})

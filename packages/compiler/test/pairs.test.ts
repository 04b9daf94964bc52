import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

/**
 * Pairs of one file each, `f` the function: by the rule of section "Canonical encoding" that they stand for. The labelled
 * edits of `cases` cover the main ways; these the corners.
 */
const same: Record<string, readonly [before: string, after: string][]> = {
  'text and literals': [
    ["export const f = () => 'a' + 'b'", "export const f = () => 'ab'"],
    ['export const f = () => `a${1}b`', "export const f = () => 'a1b'"],
    ['export const f = (a) => "x" + typeof a + "y"', 'export const f = (a) => `x${typeof a}y`'],
    ['export const f = () => 0b11', 'export const f = () => 3'],
    ['export const f = () => 0x10n', 'export const f = () => 16n'],
    ['export const f = () => /a/gi', 'export const f = () => /a/ig'],
    ['export const f = () => void 0', 'export const f = () => undefined'],
    ['export const f = () => !0', 'export const f = () => true'],
    ['export const f = (o) => o[0]', 'export const f = (o) => o["0"]'],
    ['export const f = () => ({ 1: 2 })', 'export const f = () => ({ "1": 2 })'],
    ['export const f = (a) => ({ a })', 'export const f = (a) => ({ a: a })'],
    ['export const f = (a) => ({ ["x"]: a })', 'export const f = (a) => ({ x: a })'],
  ],
  'types are erased': [
    ['export function f(a: number): string { return a as any }', 'export function f(a) { return a }'],
    ['export const f = (a) => a!.b', 'export const f = (a) => a.b'],
    ['export const f = (a?: number) => a', 'export const f = (a) => a'],
    [
      'abstract class A { abstract x(): void; y() { return 1 } }; export const f = () => A',
      'class A { y() { return 1 } }; export const f = () => A',
    ],
    [
      'class A { [k: string]: any; y() { return 1 } }; export const f = () => A',
      'class A { y() { return 1 } }; export const f = () => A',
    ],
    [
      'class A { declare x: number; y() { return 1 } }; export const f = () => A',
      'class A { y() { return 1 } }; export const f = () => A',
    ],
    [
      'class A<T> implements B { y<U>(this: A<T>, u: U) { return u } }; interface B {}; export const f = () => A',
      'class A { y(u) { return u } }; export const f = () => A',
    ],
    ['declare const g: number; export const f = () => g', 'export const f = () => g'],
    ['export function f(a: string): 1; export function f(a: any) { return a }', 'export function f(a) { return a }'],
    ['namespace T { export type X = 1 } export const f = (x: T.X) => x', 'export const f = (x) => x'],
  ],
  'names of locals and helpers': [
    ['export const f = ({ a: { b } }) => b', 'export const f = ({ a: { b: c } }) => c'],
    [
      'export function f(n) { a: for (;;) { if (n) break a } }',
      'export function f(n) { b: for (;;) { if (n) break b } }',
    ],
    [
      'class A { #x = 1; #y = 2; m() { return this.#x + this.#y } } export const f = () => new A().m()',
      'class A { #p = 1; #q = 2; m() { return this.#p + this.#q } } export const f = () => new A().m()',
    ],
    [
      'export const f = (a) => { try { a() } catch (e) { return e } }',
      'export const f = (x) => { try { x() } catch (err) { return err } }',
    ],
    [
      'const { a, b } = { a: 1, b: 2 }; export const f = () => b',
      'const { a: x, b: y } = { a: 1, b: 2 }; export const f = () => y',
    ],
    [
      'export const f = (n) => { const g = function h(k) { return k ? h(k - 1) : 0 }; return g(n) }',
      'export const f = (n) => { const g = function z(k) { return k ? z(k - 1) : 0 }; return g(n) }',
    ],
    ['export default function f() { return 1 }; export { f }', 'function g() { return 1 }; export { g as f }'],
  ],
  'control flow': [
    [
      'export function f(a, b) { if (a) { return 1 } else if (b) { return 2 } else { return 3 } }',
      'export function f(a, b) { if (a) return 1; if (b) return 2; return 3 }',
    ],
    ['export function f(a) { if (a) return 1 }', 'export function f(a) { if (a) return 1; return }'],
    ['export function f(a) { if (a) return 1 }', 'export function f(a) { return a ? 1 : undefined }'],
    [
      'export function f(a, g) { if (!a) { g() } else { g(1) } }',
      'export function f(a, g) { if (a) { g(1) } else { g() } }',
    ],
    ['export function f(a, g) { a && g() }', 'export function f(a, g) { if (a) g() }'],
    ['export function f(a, g) { a || g() }', 'export function f(a, g) { if (!a) { g() } }'],
    ['export function f(a, g) { a ? g(1) : g(2) }', 'export function f(a, g) { if (a) g(1); else g(2) }'],
    ['export function f(a) { while (a()) { a(1) } }', 'export function f(a) { for (; a();) a(1) }'],
    [
      'export function f(a) { if (a) { throw 1 } else { return 2 } }',
      'export function f(a) { if (a) throw 1; return 2 }',
    ],
    [
      'export function f(a) { for (const x of a) { if (x) { continue } x.y() } }',
      'export function f(a) { for (const x of a) { if (x) continue; else x.y() } }',
    ],
    ['export function f(a) { if (!!a) return 1; return 2 }', 'export function f(a) { if (a) return 1; return 2 }'],
    ['export function f(a, g) { g(a); return undefined }', 'export function f(a, g) { g(a) }'],
    ['export function f(a, g) { (g(1), g(2)) }', 'export function f(a, g) { g(1); g(2) }'],
    ['export function f(a) { if (false) a(); return 1 }', 'export function f(a) { return 1 }'],
    [
      'export function f(a) { { const x = a(); return x + x } }',
      'export function f(a) { const x = a(); return x + x }',
    ],
    [
      'export function f(a) { try { return a() } catch (e) { return 1 } }',
      'export function f(a) { try { return a() } catch { return 1 } }',
    ],
    ['export function f(a) { let x = a(); return x * x }', 'export function f(a) { const x = a(); return x * x }'],
    ['export function f(a) { for (let x of a) a(x) }', 'export function f(a) { for (const x of a) a(x) }'],
    ['export function f(a) { const u = 1; function g() { return 2 } return a }', 'export function f(a) { return a }'],
    [
      'export function f(a) { function h(x) { return x + 1 } return h(a) }',
      'export function f(a) { const h = (x) => x + 1; return h(a) }',
    ],
    ['export const f = (a, b) => a != b ? 1 : 2', 'export const f = (a, b) => a == b ? 2 : 1'],
    ['export const f = (a) => { if (a) { return 1 } return }', 'export const f = (a) => a ? 1 : void 0'],
  ],
  'functions by what they can tell': [
    [
      'export const o = { m(a) { return a } }; export const f = (a) => o.m(a)',
      'export const o = { m: (a) => a }; export const f = (a) => o.m(a)',
    ],
    ['export const f = async (a) => a', 'export const f = async function (a) { return a }'],
    [
      'const h = function (a) { return a }; export const f = (a) => h(a)',
      'function h(a) { return a } export const f = (a) => h(a)',
    ],
  ],
  modules: [
    [
      "import { readFileSync as r } from 'node:fs'; export const f = () => r('x')",
      "import { readFileSync } from 'node:fs'; export const f = () => readFileSync('x')",
    ],
    ['const a = 1, b = 2; export const f = () => a + b', 'const b = 2; const a = 1; export const f = () => a + b'],
    ['const log = (x) => console.log(x); log(1); export const f = (a) => a', 'export const f = (a) => a'],
    [
      'const n = 1; const go = () => n; export const f = (a) => go(a)',
      'const go = () => n; const n = 1; export const f = (a) => go(a)',
    ],
    [
      'function inc() { n += 1 } function dec() { n -= 1 } let n = 0; export const f = () => n',
      'let n = 0; function dec() { n -= 1 } function inc() { n += 1 } export const f = () => n',
    ],
    [
      'const a = []; const b = [...a].sort(); export const f = () => a.length',
      'const a = []; export const f = () => a.length',
    ],
    [
      'const app = make(); function make() { return [] } const g = (x) => x; app.push(g); export const f = (a) => g(a)',
      'const g = (x) => x; export const f = (a) => g(a)',
    ],
  ],
  jsx: [
    ['export const f = () => <a b />', 'export const f = () => <a b={true}></a>'],
    ['export const f = () => <a b="x" />', 'export const f = () => <a b={"x"} />'],
    ['export const f = () => <p>a &amp; b</p>', 'export const f = () => <p>{"a & b"}</p>'],
    ['export const f = () => <p>{/* c */}a</p>', 'export const f = () => <p>a</p>'],
  ],
}

const different: Record<string, readonly [before: string, after: string][]> = {
  'text and literals': [
    ["export const f = (a) => 'x' + a", 'export const f = (a) => `x${a}`'],
    ['export const f = (a) => 1 + 2 + "a"', 'export const f = (a) => "1" + "2" + "a"'],
    ['export const f = () => 1', 'export const f = () => 1n'],
    ['export const f = () => "1"', 'export const f = () => 1'],
    ['export const f = () => /a/', 'export const f = () => "/a/"'],
    ['export const f = () => null', 'export const f = () => undefined'],
    ['export const f = (t) => t`\\n`', 'export const f = (t) => t`\\x0a`'],
    ['export const f = () => [1, , 2]', 'export const f = () => [1, undefined, 2]'],
    ['export const f = () => ["a", "b"]', 'export const f = () => ["a,b"]'],
    ['export const f = () => ["a", "b"]', 'export const f = () => ["ab"]'],
    ['export const f = (o) => o.a', 'export const f = (o) => o[a]'],
  ],
  expressions: [
    ['export const f = (a) => (a?.b).c', 'export const f = (a) => a?.b.c'],
    ['export const f = (a) => (a?.b)()', 'export const f = (a) => a?.b()'],
    ['export const f = (o) => (0, o.m)()', 'export const f = (o) => o.m()'],
    ['export const f = (a) => a++', 'export const f = (a) => ++a'],
    ['export const f = (a) => -a', 'export const f = (a) => +a'],
    ['export const f = (a, b) => a(b)', 'export const f = (a, b) => new a(b)'],
    ['export const f = (a) => a(...a)', 'export const f = (a) => a(a)'],
    ['export const f = (a, b) => a < b', 'export const f = (a, b) => a > b'],
    ['export const f = (a, b) => a - b', 'export const f = (a, b) => b - a'],
    ['export const f = async (a) => { await a; return a }', 'export const f = async (a) => { a; return a }'],
    ['export function* f(a) { yield a }', 'export function* f(a) { yield* a }'],
    ['export const f = ({ a = 1 }) => a', 'export const f = ({ a = 2 }) => a'],
    ['export const f = (a, ...b) => b', 'export const f = (a, b) => b'],
    ['export const f = ([a]) => a', 'export const f = ([, a]) => a'],
    ['export const f = (a) => delete a.b', 'export const f = (a) => a.b'],
    ['export const f = (a) => "b" in a', 'export const f = (a) => a.b'],
    ['export const f = () => ({ get a() { return 1 } })', 'export const f = () => ({ a() { return 1 } })'],
    ['export const f = () => import.meta.url', 'export const f = () => import.meta.dirname'],
    ['export function f() { return this }', 'export const f = () => this'],
    ['export function f() { return arguments[0] }', 'export const f = (...a) => a[0]'],
  ],
  'control flow': [
    [
      'export function f(a) { if (a < 1) return 1; return 2 }',
      'export function f(a) { if (a >= 1) return 2; return 1 }',
    ],
    ['export function f(a, g) { if (a) g() }', 'export function f(a, g) { if (!a) g() }'],
    ['export function f(a) { do { a() } while (a.b) }', 'export function f(a) { while (a.b) { a() } }'],
    ['export function f(a) { for (const x in a) a(x) }', 'export function f(a) { for (const x of a) a(x) }'],
    [
      'export async function f(a) { for await (const x of a) a(x) }',
      'export async function f(a) { for (const x of a) a(x) }',
    ],
    ['export async function* f(a) { a(); return undefined }', 'export async function* f(a) { a() }'],
    ['export function f(a) { try { a() } finally { a(1) } }', 'export function f(a) { a(); a(1) }'],
    ['export function f(a) { for (;;) { if (a()) break } }', 'export function f(a) { for (;;) { if (a()) continue } }'],
    [
      'export function f(a) { switch (a) { case 1: return 1; default: return 2 } }',
      'export function f(a) { switch (a) { default: return 2; case 1: return 1 } }',
    ],
    [
      'export function f(a) { const g = () => x; const x = 1; return g() }',
      'export function f(a) { const g = () => x; let x = 1; x = 2; return g() }',
    ],
    [
      'export function f() { return h(); function h() { return 1 } }',
      'export function f() { return h(); var h = () => 1 }',
    ],
    ['export function f() { h(); const h = () => 1 }', 'export function f() { h(); function h() { return 1 } }'],
    ['export function f(a) { a(); "x" }', 'export function f(a) { "x"; a() }'],
    ['export function f(a) { const { x } = a; return 1 }', 'export function f(a) { return 1 }'],
    ['export function f(a) { throw a }', 'export function f(a) { return a }'],
    [
      'export function f(a) { { let x = a; a(() => x) } { let x = 1; a(() => x) } }',
      'export function f(a) { let x = a; a(() => x); x = 1; a(() => x) }',
    ],
  ],
  classes: [
    ['class A { x = 1 } export const f = () => new A()', 'class A { static x = 1 } export const f = () => new A()'],
    ['class A { x; } export const f = () => new A()', 'class A { } export const f = () => new A()'],
    [
      'class A { m() { return 1 } } export const f = () => new A()',
      'class A { get m() { return 1 } } export const f = () => new A()',
    ],
    ['class A { accessor x = 1 } export const f = () => new A()', 'class A { x = 1 } export const f = () => new A()'],
    [
      'class B {} class A extends B { } export const f = () => new A()',
      'class B {} class A { } export const f = () => new A()',
    ],
    [
      'class B { m() { return 1 } } class A extends B { } export const f = () => new A().m()',
      'class B { m() { return 2 } } class A extends B { } export const f = () => new A().m()',
    ],
    [
      'class A { constructor(readonly x = 1) {} } export const f = () => new A().x',
      'class A { constructor(readonly x = 2) {} } export const f = () => new A().x',
    ],
    [
      'class A { #x = 1; #y = 2; m() { return this.#x } } export const f = () => new A().m()',
      'class A { #x = 1; #y = 2; m() { return this.#y } } export const f = () => new A().m()',
    ],
    [
      'class A { static { A.x = 1 } } export const f = () => A.x',
      'class A { static { A.x = 2 } } export const f = () => A.x',
    ],
    [
      'class A { constructor() { return { x: 1 } } } export const f = () => new A()',
      'class A { ["constructor"]() { return { x: 1 } } } export const f = () => new A()',
    ],
  ],
  'side effects and mutation': [
    [
      'const C = { r: 1 }; Object.assign(C, { r: 2 }); export const f = () => C.r',
      'const C = { r: 1 }; Object.assign(C, { r: 3 }); export const f = () => C.r',
    ],
    [
      'const C = { r: 1 }; const set = (o, v) => { o.r = v }; set(C, 2); export const f = () => C.r',
      'const C = { r: 1 }; const set = (o, v) => { o.r = v }; set(C, 3); export const f = () => C.r',
    ],
    [
      'const L = [{ r: 1 }]; for (const x of L) x.r = 2; export const f = () => L[0].r',
      'const L = [{ r: 1 }]; for (const x of L) x.r = 3; export const f = () => L[0].r',
    ],
    [
      'const L = [{ r: 1 }]; L.forEach((x) => { x.r = 2 }); export const f = () => L[0].r',
      'const L = [{ r: 1 }]; L.forEach((x) => { x.r = 3 }); export const f = () => L[0].r',
    ],
    [
      'const L = [{ r: 1 }]; L.slice()[0].r = 2; export const f = () => L[0].r',
      'const L = [{ r: 1 }]; L.slice()[0].r = 3; export const f = () => L[0].r',
    ],
    [
      'const L = [{ r: 1 }]; const b = [...L]; b[0].r = 2; export const f = () => L[0].r',
      'const L = [{ r: 1 }]; const b = [...L]; b[0].r = 3; export const f = () => L[0].r',
    ],
    [
      'class R { m = new Map(); register(k, v) { this.m.set(k, v) } get(k) { return this.m.get(k) } } const r = new R(); function init() { r.register("k", 1) } init(); export const f = () => r.get("k")',
      'class R { m = new Map(); register(k, v) { this.m.set(k, v) } get(k) { return this.m.get(k) } } const r = new R(); function init() { r.register("k", 2) } init(); export const f = () => r.get("k")',
    ],
    [
      'const C = { r: 1 }; function init(c) { c.r = 2 } (() => { const local = C; init(local) })(); export const f = () => C.r',
      'const C = { r: 1 }; function init(c) { c.r = 3 } (() => { const local = C; init(local) })(); export const f = () => C.r',
    ],
    [
      'const C = { r: 1 }; const get = () => C; get().r = 2; export const f = () => C.r',
      'const C = { r: 1 }; const get = () => C; get().r = 3; export const f = () => C.r',
    ],
    [
      'const m = new Map(); const reg = { m }; reg.m.set("k", 1); export const f = () => m.get("k")',
      'const m = new Map(); const reg = { m }; reg.m.set("k", 2); export const f = () => m.get("k")',
    ],
    [
      'const C: any = { r: 1 }; [C].forEach((x) => { x.r = 2 }); export const f = () => C.r',
      'const C: any = { r: 1 }; [C].forEach((x) => { x.r = 3 }); export const f = () => C.r',
    ],
    [
      'const C: any = { r: 1 }; ({ r: C.r } = { r: 2 }); export const f = () => C.r',
      'const C: any = { r: 1 }; ({ r: C.r } = { r: 3 }); export const f = () => C.r',
    ],
    [
      'globalThis.rate = 1; export const f = () => globalThis.rate',
      'globalThis.rate = 2; export const f = () => globalThis.rate',
    ],
    [
      'Object.defineProperty(Array.prototype, "zz", { value: 1 }); export const f = (a) => a.zz',
      'Object.defineProperty(Array.prototype, "zz", { value: 2 }); export const f = (a) => a.zz',
    ],
    [
      'let c; function init() { c = 1 } init(); export const f = () => c',
      'let c; function init() { c = 2 } init(); export const f = () => c',
    ],
    [
      'const h = () => h.k; const tag = (g, v) => { g.k = v; return g }; tag(h, 1); export const f = () => h()',
      'const h = () => h.k; const tag = (g, v) => { g.k = v; return g }; tag(h, 2); export const f = () => h()',
    ],
    [
      'const A = new Map(), B = new Map(); A.set("k", 1); export const f = () => A.get("k")',
      'const A = new Map(), B = new Map(); A.set("k", 1); export const f = () => B.get("k")',
    ],
    [
      'export const f = () => x; var x = 1; if (x) { var y = 2 } x = y',
      'export const f = () => x; var x = 1; if (x) { var y = 3 } x = y',
    ],
    [
      'const R: any[] = []; const reg = (k) => (t) => { R.push(k) }; @reg("a") class A {} export const f = () => R.join()',
      'const R: any[] = []; const reg = (k) => (t) => { R.push(k) }; @reg("b") class A {} export const f = () => R.join()',
    ],
    [
      'const o = { n: 1, up() { o.n = 2 } }; o.up(); export const f = () => o.n',
      'const o = { n: 1, up() { o.n = 3 } }; o.up(); export const f = () => o.n',
    ],
    [
      'const C = { r: 1 }; const app = { start() { C.r = 2 } }; app.start(); export const f = () => C.r',
      'const C = { r: 1 }; const app = { start() { C.r = 3 } }; app.start(); export const f = () => C.r',
    ],
    [
      'const C = { r: 1 }; class S { constructor() { C.r = 2 } } new S(); export const f = () => C.r',
      'const C = { r: 1 }; class S { constructor() { C.r = 3 } } new S(); export const f = () => C.r',
    ],
    [
      'const C = { r: 1 }; const values = [2]; values.forEach(apply); function apply(v) { C.r = v } export const f = () => C.r',
      'const C = { r: 1 }; const values = [3]; values.forEach(apply); function apply(v) { C.r = v } export const f = () => C.r',
    ],
    [
      'const C: any = { r: 1 }; const D = { c: C }; const { c } = D; c.r = 2; export const f = () => C.r',
      'const C: any = { r: 1 }; const D = { c: C }; const { c } = D; c.r = 3; export const f = () => C.r',
    ],
    [
      'const C: any = { r: 1 }; Reflect.set(C, "r", 2); export const f = () => C.r',
      'const C: any = { r: 1 }; Reflect.set(C, "r", 3); export const f = () => C.r',
    ],
    [
      'const C: any = { r: 1 }; export const x = (C.r = 2); export const f = () => C.r',
      'const C: any = { r: 1 }; export const x = (C.r = 3); export const f = () => C.r',
    ],
    [
      'const C: any = { r: 1 }; export const x = [C].map((c) => (c.r = 2)); export const f = () => C.r',
      'const C: any = { r: 1 }; export const x = [C].map((c) => (c.r = 3)); export const f = () => C.r',
    ],
  ],
  'state under other names': [
    [
      'class A { m() { return 1 } }; const P = A.prototype; P.m = () => 2; export const f = () => new A().m()',
      'class A { m() { return 1 } }; const P = A.prototype; P.m = () => 3; export const f = () => new A().m()',
    ],
    [
      'class A { m() { return 1 } }; const { prototype } = A; prototype.m = () => 2; export const f = () => new A().m()',
      'class A { m() { return 1 } }; const { prototype } = A; prototype.m = () => 3; export const f = () => new A().m()',
    ],
    [
      'const P: any = Array.prototype; P.last = 2; export const f = () => ([] as any).last',
      'const P: any = Array.prototype; P.last = 3; export const f = () => ([] as any).last',
    ],
    [
      'const r: any = {}; class H { r = r } new H().r.x = 1; export const f = () => r.x',
      'const r: any = {}; class H { r = r } new H().r.x = 2; export const f = () => r.x',
    ],
    [
      'export const f = (a = (() => { const u = b; return 1 })(), b?: any) => a',
      'export const f = (a = (() => { return 1 })(), b?: any) => a',
    ],
  ],
  'what is observed': [
    ['const h = (a) => 1; export const f = () => String(h)', 'const h = (b) => 1; export const f = () => String(h)'],
    ['const h = (a) => 1; export const f = () => `${h}`', 'const h = (b) => 1; export const f = () => `${h}`'],
    ['const h = (a) => 1; export const f = () => h + ""', 'const h = (b) => 1; export const f = () => h + ""'],
    ['const h = (a) => 1; export const f = () => h.name', 'const g = (a) => 1; export const f = () => g.name'],
    [
      'const h = (a) => 1; const { name } = h; export const f = () => name',
      'const g = (a) => 1; const { name } = g; export const f = () => name',
    ],
    ['export const f = () => eval("x"); const x = 1', 'export const f = () => eval("x"); const x = 2'],
    ['export const f = () => new Function("return 1")', 'export const f = () => new Function("return 2")'],
  ],
}

const version = (text: string) => inMemory({ 'main.tsx': text }).versionOf('main.tsx', 'f').version

for (const [rule, pairs] of Object.entries(same)) {
  describe(`a version stays: ${rule}`, () => {
    test.each(pairs)('%s | %s', (before, after) => expect(version(after)).toBe(version(before)))
  })
}

for (const [rule, pairs] of Object.entries(different)) {
  describe(`a version changes: ${rule}`, () => {
    test.each(pairs)('%s | %s', (before, after) => expect(version(after)).not.toBe(version(before)))
  })
}

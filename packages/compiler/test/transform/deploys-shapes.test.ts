import { expect, test } from 'vitest'
import { head, playDeploy, tail } from './edits.ts'
import type { Sources } from './support.ts'

/**
 * A program with two numbers that stand in it as words. The answer depends on `REACHED` and not on `BESIDE`. One text is
 * the main module, without what every one begins and ends with.
 */
type Shape = string | Sources

/** An edit beside them leaves their entries. */
const warm: Readonly<Record<string, Shape>> = {
  setter:
    'class A { k = 1; set rate(v: number) { this.k = v * REACHED } }\nconst beside = BESIDE\nconst f = cached((n: number) => { const a = new A(); a.rate = n; return a.k })',
  'static block':
    'class A { static k = 0; static { this.k = REACHED } }\nclass B { static { void BESIDE } }\nconst f = cached((n: number) => n * A.k)',
  'static block in base':
    'class B { static k = 0; static { this.k = REACHED } }\nclass A extends B {}\nconst beside = BESIDE\nconst f = cached((n: number) => n * A.k)',
  'decorated accessor':
    'const times = (k: number) => ({ get }: any, _: any) => ({ get(this: any) { return get.call(this) * k }, })\nconst beside = () => BESIDE\nclass A { @times(REACHED) accessor rate = 2 }\nconst f = cached((n: number) => n * new A().rate)',
  'decorated getter':
    'const times = (k: number) => (get: any, _: any) => function (this: any) { return get.call(this) * k }\nconst beside = () => BESIDE\nclass A { @times(REACHED) get rate() { return 2 } }\nconst f = cached((n: number) => n * new A().rate)',
  'class field arrow':
    'class A { rate = (n: number) => n * REACHED }\nconst beside = () => BESIDE\nconst f = cached((n: number) => new A().rate(n))',
  'class field arrow of injected':
    'interface P { rate(n: number): number }\nclass A implements P { rate = (n: number) => n * REACHED }\nconst beside = () => BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return this.p.rate(n) } }\nconst f = (n: number) => new S(new A()).q(n)',
  'class field arrow over captured of injected':
    'interface P { rate(n: number): number }\nclass A implements P { constructor(private k: number) {} rate = (n: number) => n * this.k }\nconst beside = () => BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return this.p.rate(n) } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)',
  'class field arrow own':
    'class S { k = REACHED; rate = (n: number) => n * this.k; @cached() q(n: number) { return this.rate(n) } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  mixin:
    'const mix = (B: any) => class extends B { rate() { return REACHED } }\nclass Base {}\nclass A extends mix(Base) {}\nconst beside = () => BESIDE\nconst f = cached((n: number) => n * new A().rate())',
  'mixin base':
    'const mix = (B: any) => class extends B { rate() { return super.rate() * 2 } }\nclass Base { rate() { return REACHED } }\nclass A extends mix(Base) {}\nconst beside = () => BESIDE\nconst f = cached((n: number) => n * (new A() as any).rate())',
  'mixin injected':
    'interface P { rate(): number }\nconst mix = (B: any) => class extends B { rate() { return super.rate() * 2 } }\nclass Base { rate() { return REACHED } }\nclass A extends mix(Base) {}\nconst beside = () => BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S(new A() as any).q(n)',
  'mixin own':
    'const mix = (B: any) => class extends B { rate() { return super.rate() * 2 } }\nclass Base { rate() { return REACHED } }\nclass S extends mix(Base) { @cached() q(n: number) { return n * (this as any).rate() } }\nconst beside = () => BESIDE\nconst f = (n: number) => (new S() as any).q(n)',
  'mixin argument own':
    'const mix = (k: number) => class { rate() { return k } }\nclass S extends mix(REACHED) { @cached() q(n: number) { return n * this.rate() } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  'mixin elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { mix } from './mix'\nclass Base { rate() { return 2 } }\nclass S extends mix(Base) { @cached() q(n: number) { return n * (this as any).rate() } }\nconst f = (n: number) => (new S() as any).q(n)\nexport const main = () => f(3)",
    'mix.ts':
      'export const mix = (B: any) => class extends B { rate() { return super.rate() * REACHED } }\nexport const beside = BESIDE',
  },
  'private method':
    'class S { #rate() { return REACHED } @cached() q(n: number) { return n * this.#rate() } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  'private static':
    'class S { static #rate() { return REACHED } @cached() q(n: number) { return n * S.#rate() } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  'private accessor':
    'class S { get #rate() { return REACHED } @cached() q(n: number) { return n * this.#rate } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  'symbol method':
    "const rate = Symbol('rate')\nclass A { [rate]() { return REACHED } }\nconst beside = () => BESIDE\nconst f = cached((n: number) => n * new A()[rate]())",
  'symbol field injected':
    "const rate = Symbol('rate')\nclass A { constructor(k: number) { (this as any)[rate] = k } get() { return (this as any)[rate] } }\nconst beside = () => BESIDE\ninterface P { get(): number }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.get() } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)",
  'symbol field handed whole':
    "const rate = Symbol('rate')\nconst read = (x: any) => x[rate]\nclass A { constructor(k: number) { (this as any)[rate] = k } get() { return read(this) } }\nconst beside = () => BESIDE\ninterface P { get(): number }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.get() } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)",
  'non-enumerable field handed whole':
    "const read = (x: any) => x.k\nclass A { constructor(k: number) { Object.defineProperty(this, 'k', { value: k }) } get() { return read(this) } }\nconst beside = () => BESIDE\ninterface P { get(): number }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.get() } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)",
  generator:
    'function* g(n: number) { yield n * REACHED }\nfunction* h() { yield BESIDE }\nconst f = cached((n: number) => [...g(n)][0])',
  'generator method':
    'class A { *g(n: number) { yield n * REACHED } }\nfunction* h() { yield BESIDE }\nconst f = cached((n: number) => [...new A().g(n)][0])',
  'async generator':
    'async function* g(n: number) { yield n * REACHED }\nconst beside = BESIDE\nconst f = cached(async (n: number) => { for await (const x of g(n)) return x })',
  'yield star':
    'function* a(n: number) { yield n * REACHED }\nfunction* g(n: number) { yield* a(n) }\nconst beside = BESIDE\nconst f = cached((n: number) => [...g(n)][0])',
  'tagged template elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { tag } from './tag'\nconst f = cached((n: number) => tag`a${n}`)\nexport const main = () => f(3)",
    'tag.ts': 'export const tag = (s: any, n: number) => s[0] + n * REACHED\nexport const beside = BESIDE',
  },
  'tagged template member elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport * as t from './tag'\nconst f = cached((n: number) => t.tag`a${n}`)\nexport const main = () => f(3)",
    'tag.ts': 'export const tag = (s: any, n: number) => s[0] + n * REACHED\nexport const beside = BESIDE',
  },
  'enum elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.A)\nexport const main = () => f(3)",
    'e.ts': 'export enum E { A = REACHED }\nexport enum F { A = BESIDE }',
  },
  'enum member computed elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.B)\nexport const main = () => f(3)",
    'e.ts': "import { k } from './k'\nexport enum E { A = k * 2, B = A + 1 }",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'const enum elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.A)\nexport const main = () => f(3)",
    'e.ts': 'export const enum E { A = REACHED }\nexport const enum F { A = BESIDE }',
  },
  'enum merged elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.B)\nexport const main = () => f(3)",
    'e.ts': 'export enum E { A = 1 }\nexport enum E { B = REACHED }\nexport const beside = BESIDE',
  },
  'namespace merged': {
    'main.ts':
      "import { cached } from './cache'\nimport { N } from './e'\nconst f = cached((n: number) => n * N.b())\nexport const main = () => f(3)",
    'e.ts':
      'export namespace N { export const a = REACHED }\nexport namespace N { export const b = () => a }\nexport const beside = BESIDE',
  },
  'namespace merged with enum': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.rate(E.A))\nexport const main = () => f(3)",
    'e.ts':
      'export enum E { A = 1 }\nexport namespace E { export const rate = (e: E) => e * REACHED }\nexport const beside = BESIDE',
  },
  'namespace merged with class': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './e'\nconst f = cached((n: number) => n * E.rate)\nexport const main = () => f(3)",
    'e.ts': 'export class E { }\nexport namespace E { export const rate = REACHED }\nexport const beside = BESIDE',
  },
  'const enum reverse through namespace': {
    'main.ts':
      "import { cached } from './cache'\nimport { N } from './e'\nconst f = cached((n: number) => n * N.E.A)\nexport const main = () => f(3)",
    'e.ts': 'export namespace N { export enum E { A = REACHED } }\nexport const beside = BESIDE',
  },
  'enum reexported': {
    'main.ts':
      "import { cached } from './cache'\nimport { E } from './b'\nconst f = cached((n: number) => n * E.A)\nexport const main = () => f(3)",
    'b.ts': "export { F as E } from './e'",
    'e.ts': 'export enum F { A = REACHED }\nexport const beside = BESIDE',
  },
  'export star as': {
    'main.ts':
      "import { cached } from './cache'\nimport { ns } from './b'\nconst f = cached((n: number) => n * ns.k)\nexport const main = () => f(3)",
    'b.ts': "export * as ns from './k'",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'export star as twice': {
    'main.ts':
      "import { cached } from './cache'\nimport { out } from './c'\nconst f = cached((n: number) => n * out.ns.k)\nexport const main = () => f(3)",
    'c.ts': "export * as out from './b'",
    'b.ts': "export * as ns from './k'",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'export star as handed on': {
    'main.ts':
      "import { cached } from './cache'\nimport { ns } from './b'\nconst g = (x: any) => x.k\nconst f = cached((n: number) => n * g(ns))\nexport const main = () => f(3)",
    'b.ts': "export * as ns from './k'\nexport const beside = BESIDE",
    'k.ts': 'export const k = REACHED',
  },
  'export star as default': {
    'main.ts':
      "import { cached } from './cache'\nimport ns from './b'\nconst f = cached((n: number) => n * ns.k)\nexport const main = () => f(3)",
    'b.ts': "export * as default from './k'",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'string export name': {
    'main.ts':
      "import { cached } from './cache'\nimport { 'a-b' as ab } from './b'\nconst f = cached((n: number) => n * ab)\nexport const main = () => f(3)",
    'b.ts': "const k = REACHED\nexport { k as 'a-b' }\nexport const beside = BESIDE",
  },
  'default export expression': {
    'main.ts':
      "import { cached } from './cache'\nimport k from './k'\nconst f = cached((n: number) => n * k)\nexport const main = () => f(3)",
    'k.ts': 'export default REACHED * 2\nexport const beside = BESIDE',
  },
  'default export arrow': {
    'main.ts':
      "import { cached } from './cache'\nimport k from './k'\nconst f = cached((n: number) => k(n))\nexport const main = () => f(3)",
    'k.ts': 'export default (n: number) => n * REACHED\nexport const beside = BESIDE',
  },
  'default export anonymous class': {
    'main.ts':
      "import { cached } from './cache'\nimport K from './k'\nconst f = cached((n: number) => new K().k(n))\nexport const main = () => f(3)",
    'k.ts': 'export default class { k(n: number) { return n * REACHED } }\nexport const beside = BESIDE',
  },
  'default export call': {
    'main.ts':
      "import { cached } from './cache'\nimport k from './k'\nconst f = cached((n: number) => k.v * n)\nexport const main = () => f(3)",
    'k.ts': "import { mk } from './mk'\nexport default mk(REACHED)\nexport const beside = BESIDE",
    'mk.ts': 'export const mk = (v: number) => ({ v })',
  },
  'default export object': {
    'main.ts':
      "import { cached } from './cache'\nimport k from './k'\nconst f = cached((n: number) => k.a.v * n)\nexport const main = () => f(3)",
    'k.ts': 'export default { a: { v: REACHED } }\nexport const beside = BESIDE',
  },
  'default export frozen': {
    'main.ts':
      "import { cached } from './cache'\nimport k from './k'\nconst f = cached((n: number) => k.v * n)\nexport const main = () => f(3)",
    'k.ts': 'export default Object.freeze({ v: REACHED })\nexport const beside = BESIDE',
  },
  'default cached export elsewhere': {
    'main.ts': "import f from './f'\nexport const main = () => f(3)",
    'f.ts':
      "import { cached } from './cache'\nimport { k } from './k'\nexport default cached((n: number) => n * k, { name: 'f' })",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'two barrels renamed': {
    'main.ts':
      "import { cached } from './cache'\nimport { c } from './b2'\nconst f = cached((n: number) => c(n))\nexport const main = () => f(3)",
    'b2.ts': "export { b as c } from './b1'",
    'b1.ts': "export { a as b } from './a'",
    'a.ts': 'export const a = (n: number) => n * REACHED\nexport const beside = BESIDE',
  },
  'two barrels star and renamed': {
    'main.ts':
      "import { cached } from './cache'\nimport { c } from './b2'\nconst f = cached((n: number) => c(n))\nexport const main = () => f(3)",
    'b2.ts': "export * from './b1'",
    'b1.ts': "import { a } from './a'\nexport { a as c }\nexport const d = BESIDE",
    'a.ts': 'export const a = (n: number) => n * REACHED',
  },
  'two barrels let': {
    'main.ts':
      "import { cached } from './cache'\nimport { c } from './b2'\nconst f = cached((n: number) => c * n)\nexport const main = () => f(3)",
    'b2.ts': "export * from './b1'",
    'b1.ts': "import { a } from './a'\nexport let c = a\nexport const d = BESIDE",
    'a.ts': 'export const a = REACHED',
  },
  'optional receiver':
    'class A { rate(n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { constructor(private a?: A) {} @cached() q(n: number) { return this.a?.rate?.(n) ?? 0 } }\nconst f = (n: number) => new S(new A()).q(n)',
  'optional receiver element':
    "interface P { rate(n: number): number }\nclass A { rate(n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { constructor(private a?: P) {} @cached() q(n: number) { return this?.a?.['rate'](n) ?? 0 } }\nconst f = (n: number) => new S(new A()).q(n)",
  'optional chain deep':
    'interface P { in?: { rate(n: number): number } }\nclass In { rate(n: number) { return n * REACHED } }\nclass A { in = new In() }\nconst beside = BESIDE\nclass S { constructor(private a?: P) {} @cached() q(n: number) { return this.a?.in?.rate(n) } }\nconst f = (n: number) => new S(new A()).q(n)',
  'own field overrides method':
    'class Base { rate() { return 1 } @cached() q(n: number) { return n * this.rate() } }\nclass Sub extends Base { rate = () => REACHED }\nconst beside = BESIDE\nconst f = (n: number) => new Sub().q(n)',
  'Object.create of class':
    'interface P { rate(): number }\nclass A { rate() { return REACHED } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S(Object.create(A.prototype)).q(n)',
  setPrototypeOf:
    'interface P { rate(): number }\nclass A { rate() { return 1 } }\nclass B { rate() { return REACHED } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S(Object.setPrototypeOf(new A(), B.prototype)).q(n)',
  'prototype patch of injected':
    'interface P { rate(): number }\nclass A { rate() { return 1 } }\nA.prototype.rate = () => REACHED\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S(new A()).q(n)',
  'proxy around injected':
    'interface P { rate(): number }\nclass A { rate() { return 1 } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S(new Proxy(new A(), { get: () => () => REACHED })).q(n)',
  'getter replaced on object':
    "interface P { rate: number }\nclass A { get rate() { return 1 } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate } }\nconst f = (n: number) => { const a = new A(); Object.defineProperty(a, 'rate', { get: () => REACHED }); return new S(a).q(n) }",
  'tagged by own method':
    'class S { tag(s: any, n: number) { return n * REACHED } @cached() q(n: number) { return this.tag`${n}` } }\nconst beside = BESIDE\nconst f = (n: number) => new S().q(n)',
  'static by this.constructor':
    'class S { static rate() { return REACHED } @cached() q(n: number) { return n * (this.constructor as any).rate() } }\nconst beside = BESIDE\nconst f = (n: number) => new S().q(n)',
  'new.target':
    'class B { k: number; constructor() { this.k = (new.target as any).rate } }\nclass A extends B { static rate = REACHED }\nconst beside = BESIDE\nconst f = cached((n: number) => n * new A().k)',
  'instanceof hasInstance':
    'class A { static [Symbol.hasInstance]() { return REACHED > 6 } }\nconst beside = BESIDE\nconst f = cached((n: number) => (n as any) instanceof A)',
  'using dispose':
    'let k = 0\nclass A { [Symbol.dispose]() { k = REACHED } }\nconst beside = BESIDE\nconst f = cached((n: number) => { const o = { k: 0, [Symbol.dispose]() { this.k = REACHED } }; { using x = o } return o.k * n })',
  'label in local class':
    'const beside = BESIDE\nconst f = cached((n: number) => { class L { static k = REACHED; rate = L.k } return new L().rate * n })',
  'super property assigned':
    'class B { k = 1 }\nclass A extends B { constructor() { super(); super.k = REACHED } }\nconst beside = BESIDE\nconst f = cached((n: number) => n * new A().k)',
  'destructured export': {
    'main.ts':
      "import { cached } from './cache'\nimport { k } from './k'\nconst f = cached((n: number) => n * k)\nexport const main = () => f(3)",
    'k.ts': 'export const { k, beside } = { k: REACHED, beside: 2 }\nexport const o = BESIDE',
  },
  'destructured export default': {
    'main.ts':
      "import { cached } from './cache'\nimport { k } from './k'\nconst f = cached((n: number) => n * k)\nexport const main = () => f(3)",
    'k.ts': 'const o: any = {}\nexport const { k = REACHED } = o\nexport const p = BESIDE',
  },
  'param default from elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { k } from './k'\nconst f = cached((n: number, m = k) => n * m)\nexport const main = () => f(3)",
    'k.ts': 'export const k = REACHED\nexport const p = BESIDE',
  },
  'param default calls this':
    'class S { rate() { return REACHED } @cached() q(n: number, k = this.rate()) { return n * k } }\nconst beside = BESIDE\nconst f = (n: number) => new S().q(n)',
  'Map of handlers':
    "const m = new Map<string, any>([['a', (n: number) => n * REACHED]])\nconst beside = BESIDE\nconst f = cached((n: number) => m.get('a')(n))",
  'handlers registered elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { run } from './r'\nimport './h'\nconst f = cached((n: number) => run('a', n))\nexport const main = () => f(3)",
    'r.ts':
      'const m = new Map<string, any>()\nexport const on = (k: string, h: any) => { m.set(k, h) }\nexport const run = (k: string, n: number) => m.get(k)(n)\nexport const beside = BESIDE',
    'h.ts': "import { on } from './r'\non('a', (n: number) => n * REACHED)",
  },
  'assign prototype':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nObject.assign(A.prototype, { rate: () => REACHED })\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'static injected':
    'interface P { rate(): any; [k: string]: any }\nclass A { static rate() { return REACHED } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = A; return new S(given).q(n) }',
  'static field injected':
    'interface P { rate(): any; [k: string]: any }\nclass A { static k = REACHED; static rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = A; return new S(given).q(n) }',
  'object with class proto':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return this.in.k } in = { k: REACHED } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'Map subclass':
    'interface P { rate(): any; [k: string]: any }\nclass A extends Map<string, number> { rate() { return this.get("a")! } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A([["a", REACHED]]); return new S(given).q(n) }',
  'Array subclass':
    'interface P { rate(): any; [k: string]: any }\nclass A extends Array<number> { rate() { return this[0]! } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = A.from([REACHED]); return new S(given).q(n) }',
  'Set subclass':
    'interface P { rate(): any; [k: string]: any }\nclass A extends Set<number> { rate() { return [...this][0]! } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A([REACHED]); return new S(given).q(n) }',
  'Date subclass':
    'interface P { rate(): any; [k: string]: any }\nclass A extends Date { rate() { return this.getTime() } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'Symbol field static':
    'interface P { rate(): any; [k: string]: any }\nclass A { static [Symbol.for("k")] = REACHED; rate() { return (this.constructor as any)[Symbol.for("k")] } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'getter holds':
    'interface P { rate(): any; [k: string]: any }\nclass A { #k; constructor(k: number) { this.#k = k } get k() { return this.#k } rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'two repos of one class swapped':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(public k: number) {} rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = { rate: 1 } && new A(REACHED); return new S(given).q(n) }',
  'accessor keyword':
    'interface P { rate(): any; [k: string]: any }\nclass A { accessor k = 1; rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = Object.assign(new A(), { k: REACHED }); return new S(given).q(n) }',
  'private accessor keyword':
    'interface P { rate(): any; [k: string]: any }\nclass A { accessor #k = 1; constructor(k: number) { this.#k = k } rate() { return this.#k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'private in method':
    'interface P { rate(): any; [k: string]: any }\nclass A { #k = 1; constructor(k: number) { this.#k = k } #r() { return this.#k } rate() { return this.#r() } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'base private':
    'interface P { rate(): any; [k: string]: any }\nclass B { #k; constructor(k: number) { this.#k = k } get k() { return this.#k } }\nclass A extends B { rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'base elsewhere private': {
    'main.ts':
      "import { cached } from './cache'\nimport { B } from './b'\ninterface P { rate(): any; [k: string]: any }\nclass A extends B { rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }\nexport const main = () => f(3)",
    'b.ts': 'export class B { #k; constructor(k: number) { this.#k = k } get k() { return this.#k } }',
  },
  'base elsewhere private code': {
    'main.ts':
      "import { cached } from './cache'\nimport { B } from './b'\ninterface P { rate(): any; [k: string]: any }\nclass A extends B { rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }\nexport const main = () => f(3)",
    'b.ts': 'export class B { #k() { return REACHED } get k() { return this.#k() } }',
  },
  'in operator':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return "zz" in this ? 1 : 2 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = REACHED > 6 ? Object.assign(new A(), { zz: 1 }) : new A(); return new S(given).q(n) }',
  hasOwn:
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return Object.hasOwn(this, "zz") ? 1 : 2 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = REACHED > 6 ? Object.assign(new A(), { zz: 1 }) : new A(); return new S(given).q(n) }',
  'keys length':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return Object.keys(this).length } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = REACHED > 6 ? Object.assign(new A(), { zz: 1 }) : new A(); return new S(given).q(n) }',
  'getter on data':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: any) {} rate() { return this.k.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A({ get v() { return REACHED } }); return new S(given).q(n) }',
  'proto of data':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: any) {} rate() { return this.k.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.create({ v: REACHED })); return new S(given).q(n) }',
  'symbol in data':
    'interface P { rate(): any; [k: string]: any }\nconst s = Symbol("s")\nclass A { constructor(private k: any) {} rate() { return this.k[s] } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A({ [s]: REACHED }); return new S(given).q(n) }',
  'nonenumerable in data':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: any) {} rate() { return this.k.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.defineProperty({}, "v", { value: REACHED })); return new S(given).q(n) }',
  'array extra property handed':
    'interface P { rate(): any; [k: string]: any }\nconst get = (k: any) => k.v\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign([1], { v: REACHED })); return new S(given).q(n) }',
  'map extra property handed':
    'interface P { rate(): any; [k: string]: any }\nconst get = (k: any) => k.v\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign(new Map(), { v: REACHED })); return new S(given).q(n) }',
  'map of fn and extra property handed':
    'interface P { rate(): any; [k: string]: any }\nclass Q { z() { return 1 } }\nconst get = (k: any) => k.v + k.get("q").z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign(new Map([["q", new Q()]]), { v: REACHED })); return new S(given).q(n) }',
  'array of objects and extra':
    'interface P { rate(): any; [k: string]: any }\nclass Q { z() { return 1 } }\nconst get = (k: any) => k.v + k[0].z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign([new Q()], { v: REACHED })); return new S(given).q(n) }',
  'null proto with class part':
    'interface P { rate(): any; [k: string]: any }\nclass Q { z() { return 1 } }\nconst s = Symbol("s")\nconst get = (k: any) => k[s] + k.q.z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A({ q: new Q(), [s]: REACHED }); return new S(given).q(n) }',
  'stamped part with symbol field':
    'interface P { rate(): any; [k: string]: any }\nconst s = Symbol("s")\nclass Q { z() { return 1 } }\nconst get = (k: any) => k[s] + k.z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign(new Q(), { [s]: REACHED })); return new S(given).q(n) }',
  'stamped part with nonenum field':
    'interface P { rate(): any; [k: string]: any }\nclass Q { z() { return 1 } }\nconst get = (k: any) => k.v + k.z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.defineProperty(new Q(), "v", { value: REACHED })); return new S(given).q(n) }',
  'stamped part with private':
    'interface P { rate(): any; [k: string]: any }\nclass Q { #v; constructor(v: number) { this.#v = v } z() { return this.#v } }\nconst get = (k: any) => k.z()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new Q(REACHED)); return new S(given).q(n) }',
  'subclass in fn with static':
    'interface P { rate(): any; [k: string]: any }\nclass Q { static v = 1 }\nconst get = (k: any) => k.v\nconst mk = (v: number) => class extends Q { static v = v }\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(mk(REACHED)); return new S(given).q(n) }',
  'error instance data':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: Error) {} rate() { return this.k.message } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new Error(String(REACHED))); return new S(given).q(n) }',
  'regexp data':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: RegExp) {} rate() { return "75".match(this.k) && this.k.source } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new RegExp(String(REACHED))); return new S(given).q(n) }',
  'given bound own':
    'interface P { rate(): any; [k: string]: any }\nclass A { k: number; constructor(k: number) { this.k = k; this.rate = this.rate.bind(this) } rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'JSON of this':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(public k: number) {} rate() { return JSON.stringify(this).length > 7 ? 1 : 2 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED > 6 ? 10 : 1); return new S(given).q(n) }',
  'a URL in a field':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: URL) {} rate() { return Number(this.k.port) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new URL("http://x:REACHED")); return new S(given).q(n) }',
}

/** Known to the process alone, or of one version with what stands beside: needless misses, and no more. */
const cold: Readonly<Record<string, Shape>> = {
  'a getter beside one that is used, of one class':
    'class A { get rate() { return REACHED } get other() { return BESIDE } }\nconst f = cached((n: number) => n * new A().rate)',
  'bound of another class':
    'class Repo { find(n: number) { return n } }\nclass Other { find(n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { constructor(private repo: Repo) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => { const repo = new Repo(); repo.find = new Other().find.bind(null); return new S(repo).q(n) }',
  'bound of another object':
    'class Repo { constructor(private k: number) {} find(n: number) { return n * this.k } }\nconst beside = BESIDE\nclass S { constructor(private repo: Repo) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => { const repo = new Repo(1), other = new Repo(REACHED); repo.find = other.find.bind(other); return new S(repo).q(n) }',
  'bound own replaced':
    'class Other { find(n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { rate(n: number) { return n } find(n: number) { return n } @cached() q(n: number) { return this.find(n) } }\nconst f = (n: number) => { const s = new S(); s.find = new Other().find.bind(null); return s.q(n) }',
  'bound with argument':
    'class Repo { find(k: number, n?: number) { return (n ?? 1) * k } }\nconst beside = BESIDE\nclass S { constructor(private repo: Repo) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => { const repo = new Repo(); repo.find = repo.find.bind(repo, REACHED); return new S(repo).q(n) }',
  'getter added on object read by member':
    "interface P { get(): number }\nclass A { k = 1; get() { return this.k } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.get() } }\nconst f = (n: number) => { const a = new A(); Object.defineProperty(a, 'k', { get: () => REACHED }); return new S(a).q(n) }",
  'export import equals': {
    'main.ts':
      "import { cached } from './cache'\nimport { N } from './n'\nconst f = cached((n: number) => n * N.k)\nexport const main = () => f(3)",
    'n.ts': "import * as K from './k'\nexport namespace N { export import k = K.k }",
    'k.ts': 'export const k = REACHED\nexport const beside = BESIDE',
  },
  'assign own':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = Object.assign(new A(), { rate: () => REACHED }); return new S(given).q(n) }',
  'assign own bound':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nclass B { rate() { return REACHED } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = Object.assign(new A(), { rate: new B().rate.bind(null) }); return new S(given).q(n) }',
  'Function closure field':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private fn: () => number) {} rate() { return this.fn() } }\nconst mk = (k: number) => () => k\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(mk(REACHED)); return new S(given).q(n) }',
  'closure private':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate: () => number; constructor(k: number) { this.rate = () => k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'symbol replaced method used by spread':
    'interface P { rate(): any; [k: string]: any }\nclass A { *[Symbol.iterator](): any { yield 1 } rate() { return [...(this as any)][0] } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = ((g) => { const a: any = new A(); a[Symbol.iterator] = g; return a })(function* () { yield REACHED }); return new S(given).q(n) }',
  'non enumerable replaced':
    "interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = Object.defineProperty(new A(), 'rate', { value: () => REACHED }); return new S(given).q(n) }",
  'map extra property with fn handed':
    'interface P { rate(): any; [k: string]: any }\nconst get = (k: any) => k.v()\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign(new Map(), { v: () => REACHED })); return new S(given).q(n) }',
  'class with static set, handed':
    'interface P { rate(): any; [k: string]: any }\nclass Q { static v = 1 }\nconst get = (k: any) => k.v\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(((Q as any).v = REACHED, Q)); return new S(given).q(n) }',
  'bind other name':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: any) {} rate() { return this.k() } }\nclass B { constructor(public v: number) {} go() { return this.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = ((b) => new A(b.go.bind(b)))(new B(REACHED)); return new S(given).q(n) }',
  'bound in closure':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate: any; constructor(b: any) { this.rate = b.rate.bind(b) } }\nclass B { constructor(public v: number) {} rate() { return this.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new B(REACHED)); return new S(given).q(n) }',
  'bound in closure over own':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(b: any) { this.rate = b.rate.bind(b) } rate() { return 1 } }\nclass B { constructor(public v: number) {} rate() { return this.v } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new B(REACHED)); return new S(given).q(n) }',
  'bound field':
    'interface P { rate(): any; [k: string]: any }\nclass A { k = 1; constructor(b: any) { this.b = b; this.rate = this.rate.bind(b) } b: any; rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A({ k: REACHED }); return new S(given).q(n) }',
}

/** No version can tell what they are made of. */
const refused: Readonly<Record<string, Shape>> = {
  'private field':
    'class S { #rate = REACHED; @cached() q(n: number) { return n * this.#rate } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)',
  'symbol method injected':
    "const rate = Symbol('rate')\nclass A { [rate]() { return REACHED } }\nconst beside = () => BESIDE\ninterface P { [rate](): number }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p[rate]() } }\nconst f = (n: number) => new S(new A()).q(n)",
  'symbol method replaced on injected':
    "const rate = Symbol('rate')\nclass A { [rate]() { return 1 } }\nconst beside = () => BESIDE\ninterface P { [rate](): number }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p[rate]() } }\nconst f = (n: number) => { const a = new A(); a[rate] = () => REACHED; return new S(a).q(n) }",
  'symbol field own':
    "const rate = Symbol('rate')\nclass S { [rate] = REACHED; @cached() q(n: number) { return n * this[rate] } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S().q(n)",
  'symbol field handed whole own':
    "const rate = Symbol('rate')\nconst read = (x: any) => x[rate]\nclass S { constructor(k: number) { (this as any)[rate] = k } @cached() q(n: number) { return n * read(this) } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S(REACHED).q(n)",
  'non-enumerable field handed whole own':
    "const read = (x: any) => x.k\nclass S { constructor(k: number) { Object.defineProperty(this, 'k', { value: k }) } @cached() q(n: number) { return n * read(this) } }\nconst beside = () => BESIDE\nconst f = (n: number) => new S(REACHED).q(n)",
  'optional captured':
    "interface P { rate(n: number): number }\nclass A { rate(n: number) { return n * REACHED } }\nconst beside = BESIDE\nconst mk = (a?: P) => cached((n: number) => a?.rate(n), { name: 'f' })\nconst f = (n: number) => mk(new A())(n)",
  'plain object port':
    'interface P { rate(): number }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => new S({ rate: () => REACHED }).q(n)',
  'prototype patch by function':
    'interface P { rate(): number }\nclass A { rate() { return 1 } }\nconst patch = (C: any, k: number) => { C.prototype.rate = () => k }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { patch(A, REACHED); return new S(new A()).q(n) }',
  'valueOf of injected':
    'class A { constructor(private k: number) {} valueOf() { return this.k } }\nconst beside = BESIDE\nclass S { constructor(private p: A) {} @cached() q(n: number) { return n * (this.p as any) } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)',
  'iterator of injected':
    'class A { constructor(private k: number) {} *[Symbol.iterator]() { yield this.k } }\nconst beside = BESIDE\nclass S { constructor(private p: A) {} @cached() q(n: number) { return n * [...this.p][0]! } }\nconst f = (n: number) => new S(new A(REACHED)).q(n)',
  'iterator code of injected':
    'class A { *[Symbol.iterator]() { yield REACHED } }\nconst beside = BESIDE\ninterface P { [Symbol.iterator](): any }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * [...this.p][0]! } }\nconst f = (n: number) => new S(new A()).q(n)',
  'toString code of injected':
    'class A { toString() { return String(REACHED) } }\nconst beside = BESIDE\ninterface P { }\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n + `${this.p}` } }\nconst f = (n: number) => new S(new A()).q(n)',
  'tagged by injected':
    'interface P { tag(s: any, n: number): number }\nclass A { tag(s: any, n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { constructor(private p: P) {} @cached() q(n: number) { return this.p.tag`${n}` } }\nconst f = (n: number) => new S(new A()).q(n)',
  'new this.X':
    'interface P { }\nclass A { v(n: number) { return n * REACHED } }\nconst beside = BESIDE\nclass S { constructor(private K: any) {} @cached() q(n: number) { return new this.K().v(n) } }\nconst f = (n: number) => new S(A).q(n)',
  'computed own method by const':
    "const name = 'rate'\nclass S { rate() { return REACHED } @cached() q(n: number) { return n * this[name]() } }\nconst beside = BESIDE\nconst f = (n: number) => new S().q(n)",
  'computed own method by arg':
    "class S { rate() { return REACHED } other() { return 1 } @cached() q(n: number, name = 'rate') { return n * (this as any)[name]() } }\nconst beside = BESIDE\nconst f = (n: number) => new S().q(n)",
  'assign prototype in function':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = (Object.assign(A.prototype, { rate: () => REACHED }), new A()); return new S(given).q(n) }',
  'defineProperty prototype in function':
    "interface P { rate(): any; [k: string]: any }\nclass A { rate() { return 1 } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = (Object.defineProperty(A.prototype, 'rate', { value: () => REACHED }), new A()); return new S(given).q(n) }",
  'static replaced by function':
    'interface P { rate(): any; [k: string]: any }\nclass A { static rate() { return 1 } }\nconst patch = (C: any, k: number) => { C.rate = () => k }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = (patch(A, REACHED), A); return new S(given).q(n) }',
  'static field set later injected':
    'interface P { rate(): any; [k: string]: any }\nclass A { static k = 1; static rate() { return this.k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = ((A.k = REACHED), A); return new S(given).q(n) }',
  'static field by helper':
    'interface P { rate(): any; [k: string]: any }\nclass A { static k = 1; static rate() { return A.k } }\nconst set = (C: any, k: number) => { C.k = k }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = (set(A, REACHED), new (class { rate() { return A.rate() } })()); return new S(given).q(n) }',
  'function with property':
    'interface P { rate(): any; [k: string]: any }\nconst fn: any = (n: number) => n\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = Object.assign((() => 1) as any, { rate: () => REACHED }); return new S(given).q(n) }',
  'namespace injected': {
    'main.ts':
      "import { cached } from './cache'\nimport * as ns from './ns'\ninterface P { rate(): any; [k: string]: any }\n\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = ns; return new S(given).q(n) }\nexport const main = () => f(3)",
    'ns.ts': 'export const rate = () => REACHED\nexport const b2 = 1',
  },
  'frozen object injected':
    'interface P { rate(): any; [k: string]: any }\nconst o = Object.freeze({ rate: () => REACHED })\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = o; return new S(given).q(n) }',
  'WeakMap private':
    'interface P { rate(): any; [k: string]: any }\nconst w = new WeakMap<object, number>()\nclass A { constructor(k: number) { w.set(this, k) } rate() { return w.get(this)! } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(REACHED); return new S(given).q(n) }',
  'private static data':
    'interface P { rate(): any; [k: string]: any }\nclass A { static #k = 1; static set(k: number) { A.#k = k } rate() { return A.#k } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = (A.set(REACHED), new A()); return new S(given).q(n) }',
  'stamped fn with property':
    'interface P { rate(): any; [k: string]: any }\nconst q: any = cached((n: number) => n, { name: "qq" })\nconst get = (k: any) => k.v\nclass A { constructor(private k: any) {} rate() { return get(this.k) } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(Object.assign(q, { v: REACHED })); return new S(given).q(n) }',
  'URLSearchParams in object with class':
    'interface P { rate(): any; [k: string]: any }\nclass Q { z() { return 1 } }\nclass A { constructor(private k: any) {} rate() { return this.k.u.get("a") + this.k.q.z() } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A({ q: new Q(), u: new URLSearchParams({ a: "REACHED" }) }); return new S(given).q(n) }',
  'Headers platform':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: Headers) {} rate() { return this.k.get("a") } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new Headers({ a: "REACHED" })); return new S(given).q(n) }',
  'Headers untyped':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private k: any) {} rate() { return this.k.get("a") } }\nconst beside = BESIDE\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new Headers({ a: "REACHED" })); return new S(given).q(n) }',
  'capture bound':
    "const mk = (g: any) => cached((n: number) => g(n), { name: 'f' })\nconst beside = BESIDE\nclass B { constructor(public v: number) {} go(n: number) { return n * this.v } }\nconst f = (n: number) => { const b = new B(REACHED); return mk(b.go.bind(b))(n) }",
}

/** Programs that read the variable ZK, in whatever way. */
const environments: Readonly<Record<string, Shape>> = {
  plain: 'const f = cached((n: number) => n * Number(process.env.ZK))',
  alias: 'const env = process.env\nconst f = cached((n: number) => n * Number(env.ZK))',
  'alias in function': 'const f = cached((n: number) => { const e = process.env; return n * Number(e.ZK) })',
  destructured: 'const f = cached((n: number) => { const { ZK } = process.env; return n * Number(ZK) })',
  'destructured module': 'const { ZK } = process.env\nconst f = cached((n: number) => n * Number(ZK))',
  'destructured default': "const { ZK = '1' } = process.env\nconst f = cached((n: number) => n * Number(ZK))",
  brackets: "const f = cached((n: number) => n * Number(process['env']['ZK']))",
  globalThis: 'const f = cached((n: number) => n * Number(globalThis.process.env.ZK))',
  'node:process': "import { env } from 'node:process'\nconst f = cached((n: number) => n * Number(env.ZK))",
  'node:process default': "import p from 'node:process'\nconst f = cached((n: number) => n * Number(p.env.ZK))",
  'node:process ns': "import * as p from 'node:process'\nconst f = cached((n: number) => n * Number(p.env.ZK))",
  optional: 'const f = cached((n: number) => n * Number(process?.env?.ZK))',
  helper: 'const h = () => process.env.ZK\nconst f = cached((n: number) => n * Number(h()))',
  'helper alias': 'const e = process.env\nconst h = () => e.ZK\nconst f = cached((n: number) => n * Number(h()))',
  'class static': 'class A { static k = Number(process.env.ZK) }\nconst f = cached((n: number) => n * A.k)',
  'class field': 'class A { k = Number(process.env.ZK) }\nconst f = cached((n: number) => n * new A().k)',
  'default param': 'const h = (n: number, k = Number(process.env.ZK)) => n * k\nconst f = cached((n: number) => h(n))',
  enum: 'enum E { A = Number(process.env.ZK) }\nconst f = cached((n: number) => n * E.A)',
  namespace: 'namespace N { export const a = Number(process.env.ZK) }\nconst f = cached((n: number) => n * N.a)',
  'config object': 'const config = { rate: Number(process.env.ZK) }\nconst f = cached((n: number) => n * config.rate)',
  in: "const f = cached((n: number) => 'ZK' in process.env ? process.env.ZK + n : n)",
  argv: 'const f = cached((n: number) => n * Number(process.env.ZK ?? process.argv[2]))',
  'injected class env':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return Number(process.env.ZK) } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected class field env':
    'interface P { rate(): any; [k: string]: any }\nclass A { k = Number(process.env.ZK); rate() { return this.k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected static env':
    'interface P { rate(): any; [k: string]: any }\nclass A { static k = Number(process.env.ZK); rate() { return A.k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected module env':
    'interface P { rate(): any; [k: string]: any }\nconst k = Number(process.env.ZK)\nclass A { rate() { return k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected helper env':
    'interface P { rate(): any; [k: string]: any }\nconst k = () => Number(process.env.ZK)\nclass A { rate() { return k() } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected base env':
    'interface P { rate(): any; [k: string]: any }\nclass B { get k() { return Number(process.env.ZK) } }\nclass A extends B { rate() { return this.k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'injected of injected env':
    'interface P { rate(): any; [k: string]: any }\nclass B { get k() { return Number(process.env.ZK) } }\nclass A { constructor(private b: any) {} rate() { return this.b.k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new B()); return new S(given).q(n) }',
  'injected of injected by call env':
    'interface P { rate(): any; [k: string]: any }\nclass B { go() { return Number(process.env.ZK) } }\nclass A { constructor(private b: any) {} rate() { return this.b.go() } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(new B()); return new S(given).q(n) }',
  'stamped closure env':
    'interface P { rate(): any; [k: string]: any }\nclass A { constructor(private b: any) {} rate() { return this.b(1) } }\nconst c = cached((n: number) => n * Number(process.env.ZK), { name: "c" })\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(c); return new S(given).q(n) }',
  'later const': 'const f = cached((n: number) => n * k)\nconst k = Number(process.env.ZK)',
  'class before const':
    'interface P { rate(): any; [k: string]: any }\nclass A { rate() { return k } }\nconst k = Number(process.env.ZK)\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }',
  'class in fn':
    'interface P { rate(): any; [k: string]: any }\nconst mk = () => class A { rate() { return Number(process.env.ZK) } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new (mk())(); return new S(given).q(n) }',
  'class in fn via const':
    'interface P { rate(): any; [k: string]: any }\nconst mk = () => { const k = Number(process.env.ZK); return class A { rate() { return k } } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new (mk())(); return new S(given).q(n) }',
  'elsewhere fn': {
    'main.ts':
      "import { cached } from './cache'\nimport { A } from './a'\ninterface P { rate(): any; [k: string]: any }\n\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }\nexport const main = () => f(3)",
    'a.ts': "import { k } from './k'\nexport class A { rate() { return k() } }",
    'k.ts': 'export const k = () => Number(process.env.ZK)',
  },
  'own of own':
    'class S { rate() { return Number(process.env.ZK) } @cached() q(n: number) { return n * this.rate() } }\nconst f = (n: number) => new S().q(n)',
  'sub override':
    'class B { rate() { return 1 } @cached() q(n: number) { return n * this.rate() } }\nclass S extends B { rate() { return Number(process.env.ZK) } }\nconst f = (n: number) => new S().q(n)',
  'base elsewhere': {
    'main.ts':
      "import { cached } from './cache'\nimport { B } from './b'\nclass S extends B { @cached() q(n: number) { return n * this.rate() } }\nconst f = (n: number) => new S().q(n)\nexport const main = () => f(3)",
    'b.ts': 'export class B { rate() { return Number(process.env.ZK) } }',
  },
  'a function among deps':
    "const h = () => Number(process.env.ZK)\nconst g: any = cached((n: number) => n * (globalThis as any).rateOfTest(), { name: 'g', deps: [h] })\nconst f = (n: number) => { (globalThis as any).rateOfTest = h; return g(n) }",
  'a function among deps, that a function gives':
    "const h = () => Number(process.env.ZK)\nconst g: any = cached((n: number) => n * (globalThis as any).rateOfTest(), { name: 'g', deps: () => [h] })\nconst f = (n: number) => { (globalThis as any).rateOfTest = h; return g(n) }",
  'arg with cacheKey':
    "import { cacheKey } from '@autocache/core'\nclass Arg { constructor(private id: number) {} [cacheKey]() { return this.id } rate() { return Number(process.env.ZK) } }\nconst g = cached((a: Arg) => a.rate(), { name: 'g' })\nconst f = (n: number) => g(new Arg(n))",
  'arg with cacheKey in object':
    "import { cacheKey } from '@autocache/core'\nclass Arg { constructor(private id: number) {} [cacheKey]() { return this.id } rate() { return Number(process.env.ZK) } }\nconst g = cached((a: any) => a.x.rate(), { name: 'g' })\nconst f = (n: number) => g({ x: new Arg(n) })",
  'injected with cacheKey':
    "import { cacheKey } from '@autocache/core'\ninterface P { rate(): any; [k: string]: any }\nclass A { [cacheKey]() { return 1 } rate() { return Number(process.env.ZK) } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = new A(); return new S(given).q(n) }",
  'static class':
    'interface P { rate(): any; [k: string]: any }\nclass A { static rate() { return Number(process.env.ZK) } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = A; return new S(given).q(n) }',
  'closure by class factory':
    'interface P { rate(): any; [k: string]: any }\nconst mk = (k: number) => class { static rate() { return k } }\nconst beside = 1\n\nclass S { constructor(private p: P) {} @cached() q(n: number) { return n * this.p.rate() } }\nconst f = (n: number) => { const given: any = mk(Number(process.env.ZK)); return new S(given).q(n) }',
}

/** Reads of it that no key can show. */
const refusedEnvironments: Readonly<Record<string, Shape>> = {
  'config fn':
    'const load = (e: any) => ({ rate: Number(e.ZK) })\nconst config = load(process.env)\nconst f = cached((n: number) => n * config.rate)',
  'env passed': 'const h = (e: any) => Number(e.ZK)\nconst f = cached((n: number) => n * h(process.env))',
  'env computed const': "const NAME = 'ZK'\nconst f = cached((n: number) => n * Number(process.env[NAME]))",
  spread: 'const e = { ...process.env }\nconst f = cached((n: number) => n * Number(e.ZK))',
  'Object.entries':
    'const e = Object.fromEntries(Object.entries(process.env))\nconst f = cached((n: number) => n * Number(e.ZK))',
}

const program = (shape: Shape): Sources => (typeof shape === 'string' ? { 'main.ts': head + shape + tail } : shape)

const valued = (shape: Shape, reached: number, beside: number): Sources =>
  Object.fromEntries(
    Object.entries(program(shape)).map(([file, text]) => [
      file,
      text.replaceAll('REACHED', String(reached)).replaceAll('BESIDE', String(beside)),
    ]),
  )

const isRefused = (answer: unknown) => /^Un(?:keyableValue|versionedFunction)Error/.test(String(answer))

const play = async (shape: Shape) => ({
  reached: await playDeploy({ files: valued(shape, 5, 1) }, { files: valued(shape, 7, 1) }),
  beside: await playDeploy({ files: valued(shape, 5, 1) }, { files: valued(shape, 5, 2) }),
})

test.each([
  ...Object.entries(warm).map(([name, shape]) => [name, shape, true] as const),
  ...Object.entries(cold).map(([name, shape]) => [name, shape, false] as const),
])(
  'a later release answers what its own code computes, and an edit beside that is warm where it can be: %s',
  async (_, shape, isWarm) => {
    const { reached, beside } = await play(shape)
    expect(reached.computed).not.toEqual(beside.computed)
    expect(String(reached.computed)).not.toMatch(/Error|NaN/)
    expect(reached.answered).toEqual(reached.computed)
    expect(beside).toEqual({ answered: beside.computed, computed: beside.computed, warm: isWarm })
  },
)

test.each(Object.entries(refused))('what no version can tell is refused: %s', async (_, shape) => {
  const { reached, beside } = await play(shape)
  expect(reached.computed).not.toEqual(beside.computed)
  expect(isRefused(reached.answered)).toBe(true)
})

const playEnvironments = async (shape: Shape) => {
  const files = program(shape)
  const other = await playDeploy({ files, env: { ZK: '5' } }, { files, env: { ZK: '7' } })
  const same = await playDeploy({ files, env: { ZK: '5' } }, { files, env: { ZK: '5' } })
  expect(other.computed).not.toEqual(same.computed)
  return { other, same }
}

test.each(Object.entries(environments))('R05 the environment is an input wherever it is read: %s', async (_, shape) => {
  const { other, same } = await playEnvironments(shape)
  expect(other.answered).toEqual(other.computed)
  expect(same).toEqual({ answered: same.computed, computed: same.computed, warm: true })
})

test.each(Object.entries(refusedEnvironments))(
  'R05 an environment that no key can show is refused: %s',
  async (_, shape) => {
    const { other } = await playEnvironments(shape)
    expect(isRefused(other.answered)).toBe(true)
  },
)

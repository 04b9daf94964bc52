import { expect, test } from 'vitest'
import { type Deploy, edited, files, head, playDeploy, playDeploys, tail } from './edits.ts'

const deploys: Record<string, Deploy> = {
  'shadowed name param': edited(
    'const rate = 2\nexport const f = cached((n: number) => { const g = (rate: number) => n * rate; return g(5) + rate })',
    'rate = 2',
    'rate = 3',
  ),
  'swap shadow': edited(
    'const rate = 2, other = 3\nexport const f = cached((n: number) => { { const rate = 7; n += rate } return n * rate })',
    'return n * rate',
    'return n * other',
  ),
  'symbol member': edited(
    'const s = Symbol("x")\nconst o = { [s]: 1 }\nexport const f = cached((n: number) => n + o[s])',
    '[s]: 1',
    '[s]: 2',
  ),
  'symbol method in class': edited(
    'class A { *[Symbol.iterator]() { yield 1 } }\nexport const f = cached((n: number) => [...new A()].length * n + [...new A()][0])',
    'yield 1',
    'yield 2',
  ),
  toPrimitive: edited(
    'class A { [Symbol.toPrimitive]() { return 1 } }\nexport const f = cached((n: number) => n + +new A())',
    'return 1',
    'return 2',
  ),
  'getter of an object': edited(
    'const o = { get rate() { return 1 } }\nexport const f = cached((n: number) => n * o.rate)',
    'return 1',
    'return 2',
  ),
  'static block': edited(
    'class A { static rate = 0; static { A.rate = 1 } }\nexport const f = cached((n: number) => n * A.rate)',
    'A.rate = 1',
    'A.rate = 2',
  ),
  'static block of subclass mutates base': edited(
    'class A { static rate = 0 }\nclass B extends A { static { A.rate = 1 } }\nexport const f = cached((n: number) => n * A.rate)',
    'A.rate = 1',
    'A.rate = 2',
  ),
  'class field default': edited(
    'class A { x = 1 }\nexport const f = cached((n: number) => n * new A().x)',
    'x = 1',
    'x = 2',
  ),
  'accessor field': edited(
    'class A { accessor x = 1 }\nexport const f = cached((n: number) => n * new A().x)',
    'x = 1',
    'x = 2',
  ),
  'private method': edited(
    'class A { #p() { return 1 } q() { return this.#p() } }\nexport const f = cached((n: number) => n * new A().q())',
    'return 1',
    'return 2',
  ),
  'decorator factory on helper class': edited(
    'const D = (k: number) => (m: any, _: any) => function (this: any, ...a: any[]) { return m.apply(this, a) * k }\nclass A { @D(2) q(n: number) { return n } }\nexport const f = cached((n: number) => new A().q(n))',
    'D(2)',
    'D(3)',
  ),
  'decorator code': edited(
    'const D = (k: number) => (m: any, _: any) => function (this: any, ...a: any[]) { return m.apply(this, a) * k }\nclass A { @D(2) q(n: number) { return n } }\nexport const f = cached((n: number) => new A().q(n))',
    '* k }',
    '* k + 1 }',
  ),
  'class decorator': edited(
    'const D = (k: number) => (C: any, _: any) => class extends C { rate = k }\n@D(2) class A { rate = 1 }\nexport const f = cached((n: number) => n * new A().rate)',
    '@D(2)',
    '@D(3)',
  ),
  'enum computed': edited(
    'enum E { A = 1, B = A << 1 }\nexport const f = cached((n: number) => n * E.B)',
    'A = 1',
    'A = 2',
  ),
  'enum merged': edited(
    'enum E { A = 1 }\nenum E { B = 5 }\nexport const f = cached((n: number) => n * E.B)',
    'B = 5',
    'B = 6',
  ),
  'const enum': edited('const enum E { A = 1 }\nexport const f = cached((n: number) => n * E.A)', 'A = 1', 'A = 2'),
  namespace: edited(
    'namespace N { export const a = 1; export const b = () => a }\nexport const f = cached((n: number) => n * N.b())',
    'a = 1',
    'a = 2',
  ),
  'namespace merge with function': edited(
    'function g(n: number) { return n * g.rate }\nnamespace g { export let rate = 1 }\nexport const f = cached((n: number) => g(n))',
    'rate = 1',
    'rate = 2',
  ),
  'import alias in namespace': edited(
    'namespace N { export const a = 1 }\nimport x = N.a\nexport const f = cached((n: number) => n * x)',
    'a = 1',
    'a = 2',
  ),
  'label loop': edited(
    'export const f = cached((n: number) => { let t = 0; outer: for (let i = 0; i < n; i++) { for (let j = 0; j < n; j++) { if (j === 1) continue outer; t++ } } return t })',
    'continue outer',
    'break outer',
  ),
  'using order': edited(
    'const log: string[] = []\nconst d = (x: string) => ({ [Symbol.dispose ?? Symbol.for("d")]() { } , x })\nexport const f = cached((n: number) => { const a = d("a"), b = d("b"); return a.x + b.x })',
    'return a.x + b.x',
    'return b.x + a.x',
  ),
  'object rest': edited(
    'const o = { a: 1, b: 2, c: 3 }\nconst { a, ...rest } = o\nexport const f = cached((n: number) => rest)',
    '{ a, ...rest }',
    '{ b, ...rest }',
  ),
  'nested destructuring pick': edited(
    'const { a: [x, y] } = { a: [1, 2] }\nexport const f = cached((n: number) => n * x)',
    '* x',
    '* y',
  ),
  'destructuring computed key': edited(
    'const k = "a"\nconst { [k]: v } = { a: 1, b: 2 } as any\nexport const f = cached((n: number) => n * v)',
    'k = "a"',
    'k = "b"',
  ),
  'tagged template': edited(
    'const tag = (s: TemplateStringsArray) => s.raw[0]\nexport const f = cached((n: number) => tag`a\\n${n}`)',
    'a\\n',
    'a\\x0a',
  ),
  'object spread mutated': edited(
    'const o: any = { rate: 1 }\nconst p = { ...o }\np.rate = 2\nexport const f = cached((n: number) => n * p.rate)',
    'p.rate = 2',
    'p.rate = 3',
  ),
  'Object.assign alias': edited(
    'const o: any = { rate: 1 }\nObject.assign(o, { rate: 2 })\nexport const f = cached((n: number) => n * o.rate)',
    'rate: 2',
    'rate: 3',
  ),
  'destructuring assign to member': edited(
    'const o: any = { rate: 1 };\n[o.rate] = [2]\nexport const f = cached((n: number) => n * o.rate)',
    '[2]',
    '[3]',
  ),
  'for-of member target': edited(
    'const o: any = { rate: 1 };\nfor (o.rate of [1, 2]);\nexport const f = cached((n: number) => n * o.rate)',
    '[1, 2]',
    '[1, 3]',
  ),
  'for-in var': edited(
    'let last = ""\nfor (last in { a: 1 });\nexport const f = cached((n: number) => n + last)',
    '{ a: 1 }',
    '{ b: 1 }',
  ),
  'Reflect.set': edited(
    'const o: any = { rate: 1 };\nReflect.set(o, "rate", 2)\nexport const f = cached((n: number) => n * o.rate)',
    '"rate", 2',
    '"rate", 3',
  ),
  'proto set': edited(
    'const o: any = { }\nObject.setPrototypeOf(o, { rate: 2 })\nexport const f = cached((n: number) => n * o.rate)',
    'rate: 2',
    'rate: 3',
  ),
  'class prototype patch': edited(
    'class A { q() { return 1 } }\n;(A.prototype as any).q = () => 2\nexport const f = cached((n: number) => n * new A().q())',
    '=> 2',
    '=> 3',
  ),
  'function property': edited(
    'const h: any = (n: number) => n * h.rate\nh.rate = 2\nexport const f = cached((n: number) => h(n))',
    'rate = 2',
    'rate = 3',
  ),
  'closure counter init': edited(
    'const make = (k: number) => (n: number) => n * k\nconst h = make(2)\nexport const f = cached((n: number) => h(n))',
    'make(2)',
    'make(3)',
  ),
  'IIFE module': edited(
    'const api = (() => { let rate = 1; const set = (x: number) => { rate = x }; set(2); return { get: () => rate } })()\nexport const f = cached((n: number) => n * api.get())',
    'set(2)',
    'set(3)',
  ),
  'comma init': edited(
    'let a = 1, b = (a = 2, 5)\nexport const f = cached((n: number) => n * a + b)',
    'a = 2',
    'a = 3',
  ),
  'logical assign': edited('let a: any\na ??= 2\nexport const f = cached((n: number) => n * a)', '??= 2', '??= 3'),
  'update in init': edited('let a = 1\nconst b = a++\nexport const f = cached((n: number) => n * a)', 'a++', 'a--'),
  'string raw concat': edited(
    'const p = "a" + 1 + 2\nexport const f = cached((n: number) => n + p)',
    '"a" + 1 + 2',
    '"a" + (1 + 2)',
  ),
  'regex sticky lastIndex': edited(
    'const re = /a/g\nre.lastIndex = 1\nexport const f = cached((n: number) => re.lastIndex)',
    'lastIndex = 1',
    'lastIndex = 2',
  ),
  'toString of a helper': edited(
    'const h = (n: number) => n\nexport const f = cached((n: number) => `${h}`)',
    '(n: number) => n\n',
    '(m: number) => m\n',
  ),
  'name of a helper': edited(
    'const hh = (n: number) => n\nexport const f = cached((n: number) => hh.name)',
    'const hh = (n: number) => n\nexport const f = cached((n: number) => hh.name)',
    'const kk = (n: number) => n\nexport const f = cached((n: number) => kk.name)',
  ),
  'length of a helper': edited(
    'const hh = (a?: any, b?: any) => 1\nexport const f = cached((n: number) => hh.length)',
    '(a?: any, b?: any)',
    '(a?: any)',
  ),
  'arguments.length': edited(
    'function g(a: any, b?: any) { return arguments.length }\nexport const f = cached((n: number) => g(n))',
    'g(n))',
    'g(n, undefined))',
  ),
  'default param order': edited(
    'const f0 = (a: number, b = a) => b\nexport const f = cached((n: number) => f0(n))',
    'b = a',
    'b = a + 1',
  ),
  'typeof undefined var': edited(
    'declare const FLAG: any\nexport const f = cached((n: number) => typeof FLAG === "undefined" ? 1 : 2)',
    '? 1',
    '? 3',
  ),
  'switch fallthrough': edited(
    'export const f = cached((n: number) => { let t = 0; switch (n) { case 3: t++; case 4: t++; break; default: t = 9 } return t })',
    't++; case 4',
    't++; break; case 4',
  ),
  'try finally': edited(
    'export const f = cached((n: number) => { try { return 1 } finally { if (n > 5) return 2 } })',
    'n > 5',
    'n > 2',
  ),
  'async order': edited(
    'export const f = cached(async (n: number) => { const a = await 1, b = await 2; return [a, b] })',
    '[a, b]',
    '[b, a]',
  ),
  generator: edited(
    'function* g() { yield 1; yield 2 }\nexport const f = cached((n: number) => [...g()])',
    'yield 1; yield 2',
    'yield* [2, 1]',
  ),
  'export default class method': files(
    {
      'main.ts': `${head}import A from './a'\nexport const f = cached((n: number) => new A().q())${tail}`,
      'a.ts': 'export default class { q() { return 1 } }',
    },
    { 'a.ts': 'export default class { q() { return 2 } }' },
  ),
  'export star cycle': files(
    {
      'main.ts': `${head}import { rate } from './a'\nexport const f = cached((n: number) => n * rate)${tail}`,
      'a.ts': "export * from './b'",
      'b.ts': "export * from './a'\nexport const rate = 1",
    },
    { 'b.ts': "export * from './a'\nexport const rate = 2" },
  ),
  'export star shadow': files(
    {
      'main.ts': `${head}import { rate } from './a'\nexport const f = cached((n: number) => n * rate)${tail}`,
      'a.ts': "export * from './b'",
      'b.ts': 'export const rate = 1',
    },
    { 'a.ts': "export * from './b'\nexport const rate = 2" },
  ),
  'export star as': files(
    {
      'main.ts': `${head}import { ns } from './a'\nexport const f = cached((n: number) => n * ns.rate)${tail}`,
      'a.ts': "export * as ns from './b'",
      'b.ts': 'export const rate = 1',
    },
    { 'b.ts': 'export const rate = 2' },
  ),
  'namespace iterate': files(
    {
      'main.ts': `${head}import * as ns from './b'\nexport const f = cached((n: number) => Object.keys(ns).sort().join())${tail}`,
      'b.ts': 'export const rate = 1',
    },
    { 'b.ts': 'export const rate = 1, more = 2' },
  ),
  'import equals require': files(
    {
      'main.ts': `${head}import b = require('./b')\nexport const f = cached((n: number) => b.rate * n)${tail}`,
      'b.ts': 'const o = { rate: 1 }\nexport = o',
    },
    { 'b.ts': 'const o = { rate: 2 }\nexport = o' },
  ),
  'cjs require': files(
    {
      'main.ts': `${head}const b = require('./b.js')\nexport const f = cached((n: number) => b.rate * n)${tail}`,
      'b.js': 'exports.rate = 1',
    },
    { 'b.js': 'exports.rate = 2' },
  ),
  'live binding': files(
    {
      'main.ts': `${head}import { rate, init } from './b'\ninit()\nexport const f = cached((n: number) => rate * n)${tail}`,
      'b.ts': 'export let rate = 1\nexport const init = () => { rate = 2 }',
    },
    { 'b.ts': 'export let rate = 1\nexport const init = () => { rate = 3 }' },
  ),
  'side effect import': files(
    {
      'main.ts': `${head}import './patch'\nimport { o } from './o'\nexport const f = cached((n: number) => n * o.rate)${tail}`,
      'o.ts': 'export const o = { rate: 1 }',
      'patch.ts': "import { o } from './o'\no.rate = 2",
    },
    { 'patch.ts': "import { o } from './o'\no.rate = 3" },
  ),
  'side effect order': files(
    {
      'main.ts': `${head}import './p1'\nimport './p2'\nimport { o } from './o'\nexport const f = cached((n: number) => n * o.rate)${tail}`,
      'o.ts': 'export const o = { rate: 1 }',
      'p1.ts': "import { o } from './o'\no.rate = 2",
      'p2.ts': "import { o } from './o'\no.rate = 3",
    },
    {
      'main.ts': `${head}import './p2'\nimport './p1'\nimport { o } from './o'\nexport const f = cached((n: number) => n * o.rate)${tail}`,
    },
  ),
  'global patch': files(
    {
      'main.ts': `${head}import './p'\nexport const f = cached((n: number) => (globalThis as any).rateX * n)${tail}`,
      'p.ts': '(globalThis as any).rateX = 1',
    },
    { 'p.ts': '(globalThis as any).rateX = 2' },
  ),
  'array prototype patch': files(
    {
      'main.ts': `${head}import './p'\nexport const f = cached((n: number) => ([] as any).zzz())${tail}`,
      'p.ts': '(Array.prototype as any).zzz = () => 1',
    },
    { 'p.ts': '(Array.prototype as any).zzz = () => 2' },
  ),
}

playDeploys(deploys)

test('an edit that changes nothing finds what the earlier release computed', async () => {
  const [before, after] = edited(
    'const rate = 2\nexport const f = cached((n: number) => n * rate)',
    'rate = 2',
    'rate = 2 // percent',
  )
  expect(await playDeploy({ files: before }, { files: after })).toMatchObject({ answered: 6, warm: true })
})

import { expect, test } from 'vitest'
import { type Deploy, edited, files, head, playDeploy, tail } from './edits.ts'
const F = (body: string) => `export const f = cached((n: number) => ${body})`
const multi = (main: string, more: Record<string, string>, file: string, from: string, to: string): Deploy => {
  const all = { 'main.ts': head + main + tail, ...more }
  const text = (all as any)[file]
  if (!text.includes(from)) throw new Error('no ' + from)
  return files(all, { [file]: text.replace(from, to) })
}
const deploys: Record<string, Deploy> = {
  'destructured alias mutated': edited(`const config = { rates: { eu: 1 } }\nconst { rates } = config\nrates.eu = 2\n${F('n * config.rates.eu')}`, 'eu = 2', 'eu = 3'),
  'array element alias': edited(`const list = [{ x: 1 }]\nconst [first] = list\nfirst!.x = 2\n${F('n * list[0]!.x')}`, 'x = 2', 'x = 3'),
  'for-of mutation': edited(`const rules = [{ w: 1 }]\nfor (const r of rules) r.w = 2\n${F('n * rules[0]!.w')}`, 'w = 2', 'w = 3'),
  'forEach mutation': edited(`const rules = [{ w: 1 }]\nrules.forEach((r) => { r.w = 2 })\n${F('n * rules[0]!.w')}`, 'w = 2', 'w = 3'),
  'for-in mutation': edited(`const o: any = { a: { w: 1 } }\nfor (const k in o) { const q = o[k]; q.w = 2 }\n${F('n * o.a.w')}`, 'w = 2', 'w = 3'),
  'helper mutates elements other file': multi(`import { tune } from './tune'\nconst rules = [{ w: 1 }]\ntune(rules)\n${F('n * rules[0]!.w')}`, { 'tune.ts': 'export const tune = (xs: any[]) => xs.forEach((x) => { x.w = 2 })' }, 'tune.ts', 'w = 2', 'w = 3'),
  'assign overrides': multi(`import { over } from './over'\nconst config = { a: 1 }\nObject.assign(config, over)\n${F('n * config.a')}`, { 'over.ts': 'export const over = { a: 2 }' }, 'over.ts', 'a: 2', 'a: 3'),
  'Reflect.set': edited(`const config = { a: 1 }\nReflect.set(config, 'a', 2)\n${F('n * config.a')}`, "'a', 2", "'a', 3"),
  'nullish assign': edited(`const config: any = { }\nconfig['a'] ??= 2\n${F('n * config.a')}`, '??= 2', '??= 3'),
  'constructor mutates': edited(`const config = { a: 1 }\nclass Setup { constructor(c: any) { c.a = 2 } }\nnew Setup(config)\n${F('n * config.a')}`, 'c.a = 2', 'c.a = 3'),
  'iife mutates': edited(`const config = { a: 1 }\n;(() => { config.a = 2 })()\n${F('n * config.a')}`, 'a = 2', 'a = 3'),
  'conditional top-level': edited(`const flag = true\nconst config = { a: 1 }\nif (flag) { config.a = 2 }\n${F('n * config.a')}`, 'flag = true', 'flag = false'),
  'try top-level': edited(`const config = { a: 1 }\nconst go = () => { throw 1 }\ntry { config.a = 2; go() } catch { config.a = 4 }\n${F('n * config.a')}`, 'a = 4', 'a = 5'),
  'setter of another module': multi(`import { x } from './x'\nimport './use'\n${F('n * x')}`, { 'x.ts': 'export let x = 1\nexport function set(v: number) { x = v }', 'use.ts': "import { set } from './x'\nset(2)" }, 'use.ts', 'set(2)', 'set(3)'),
  'toJSON': edited(`class A { toJSON() { return 1 } }\nexport const f = cached((n: number) => JSON.stringify([n, new A()]))`, 'return 1', 'return 2'),
  'hasInstance': edited(`class A { static [Symbol.hasInstance](x: any) { return x === 3 } }\nexport const f = cached((n: number) => (n as any) instanceof A)`, '=== 3', '=== 4'),
  'proxy handler': edited(`const p: any = new Proxy({}, { get: (_t, k) => k === 'a' ? 1 : 2 })\n${F('n * p.a')}`, '? 1', '? 5'),
  'default export object method': multi(`import api from './api'\n${F('api.go(n)')}`, { 'api.ts': 'export default { k: 2, go(n: number) { return n * this.k } }' }, 'api.ts', 'k: 2', 'k: 3'),
  'ns dynamic': multi(`import * as ns from './ns'\n${F("(ns as any)['g' + 'o'](n)")}`, { 'ns.ts': 'export const go = (n: number) => n * 2' }, 'ns.ts', '* 2', '* 3'),
  'default re-export': multi(`import a from './b'\n${F('a(n)')}`, { 'b.ts': "export { a as default } from './c'", 'c.ts': 'export const a = (n: number) => n * 2\nexport const z = (n: number) => n * 3' }, 'b.ts', 'a as', 'z as'),
  'static super': edited(`class A { static r() { return 1 } }\nclass B extends A { static r() { return super.r() + 1 } }\n${F('n * B.r()')}`, 'return 1 }', 'return 5 }'),
  'defineProperty loop': edited(`class A {}\nfor (const k of ['a', 'b']) Object.defineProperty(A.prototype, k, { get() { return 1 } })\n${F('n * (new A() as any).a')}`, 'return 1', 'return 2'),
  'setPrototypeOf class': edited(`class B { r() { return 1 } }\nclass C { r() { return 2 } }\nclass A {}\nObject.setPrototypeOf(A.prototype, B.prototype)\n${F('n * (new A() as any).r()')}`, '(A.prototype, B', '(A.prototype, C'),
  'setPrototypeOf object': edited(`const proto = { r: () => 1 }\nconst o: any = {}\nObject.setPrototypeOf(o, proto)\n${F('n * o.r()')}`, '=> 1', '=> 2'),
  'object create': edited(`const proto = { get r() { return 1 } }\nconst o = Object.create(proto)\n${F('n * o.r')}`, 'return 1', 'return 2'),
  'pipeline array': edited(`const a = (n: number) => n + 1\nconst b = (n: number) => n * 2\nconst fns = [a, b]\n${F('fns.reduce((acc, g) => g(acc), n)')}`, '[a, b]', '[b, a]'),
  'mixin': edited(`const M = (B: any) => class extends B { m() { return 1 } }\nclass Base {}\nclass A extends M(Base) {}\n${F('n * (new A() as any).m()')}`, 'return 1', 'return 2'),
  'lazy singleton': edited(`const make = () => ({ k: 1 })\nlet inst: any\nconst get = () => (inst ??= make())\n${F('n * get().k')}`, 'k: 1', 'k: 2'),
  'emitter handlers': multi(`import { bus } from './bus'\nimport './handlers'\n${F("bus.emit('x', n)")}`, { 'bus.ts': "const hs: any[] = []\nexport const bus = { on(_: string, h: any) { hs.push(h) }, emit(_: string, n: number) { return hs.reduce((s, h) => s + h(n), 0) } }", 'handlers.ts': "import { bus } from './bus'\nbus.on('x', (n: number) => n * 2)" }, 'handlers.ts', '* 2', '* 3'),
  'weakmap private': edited(`const o = {}\nconst data = new WeakMap([[o, 1]])\ndata.set(o, 2)\n${F('n * data.get(o)!')}`, 'set(o, 2)', 'set(o, 3)'),
  'container': multi(`import { container } from './container'\nimport './register'\n${F("container.get('repo').find(n)")}`, { 'container.ts': "class Container { private m = new Map<string, any>(); register(k: string, v: any) { this.m.set(k, v) } get(k: string) { return this.m.get(k)() } }\nexport const container = new Container()", 'register.ts': "import { container } from './container'\nimport { Repo } from './repo'\ncontainer.register('repo', () => new Repo())", 'repo.ts': 'export class Repo { find(n: number) { return n * 2 } }' }, 'repo.ts', '* 2', '* 3'),
  'fn property elsewhere': multi(`import { helper } from './helper'\nimport './conf'\n${F('helper(n)')}`, { 'helper.ts': 'export const helper: any = (n: number) => n * helper.rate\nhelper.rate = 1', 'conf.ts': "import { helper } from './helper'\nhelper.rate = 2" }, 'conf.ts', 'rate = 2', 'rate = 3'),
  'global patched deep': multi(`import './a'\n${F('([n] as any).twice()')}`, { 'a.ts': "import './b'", 'b.ts': '(Array.prototype as any).twice = function () { return this[0] * 2 }' }, 'b.ts', '* 2', '* 3'),
  'globalThis value': multi(`import './a'\n${F('n * (globalThis as any).RATE_X')}`, { 'a.ts': '(globalThis as any).RATE_X = 2' }, 'a.ts', '= 2', '= 3'),
  'cjs exports assign': multi(`const { go } = require('./a')\n${F('go(n)')}`, { 'a.ts': "Object.assign(module.exports, require('./b'))", 'b.ts': 'exports.go = (n: number) => n * 2' }, 'b.ts', '* 2', '* 3'),
  'this-create subclass': edited(`class A { k() { return 1 } static create() { return new this() } }\nclass B extends A { k() { return 2 } }\n${F('n * B.create().k()')}`, 'return 2', 'return 3'),
  'factories in loop': edited(`const fs = [1, 2].map((k) => cached((n: number) => n * k))\nexport const f = (n: number) => fs.map((g) => g(n)).join()`, '[1, 2]', '[1, 3]'),
  'captured changed after': edited(`const make = () => { let k = 1; const g = cached((n: number) => n * k); k = 2; return g }\nexport const f = make()`, 'k = 2', 'k = 3'),
  'captured object method': edited(`const make = (o: any) => cached((n: number) => o.go(n))\nexport const f = make({ go: (n: number) => n * 2 })`, '* 2', '* 3'),
  'captured instance': edited(`class R { go(n: number) { return n * 2 } }\nconst make = (r: R) => cached((n: number) => r.go(n))\nexport const f = make(new R())`, '* 2', '* 3'),
  'captured instance field': edited(`class R { constructor(readonly k: number) {} go(n: number) { return n * this.k } }\nconst make = (r: R) => cached((n: number) => r.go(n))\nexport const f = make(new R(2))`, 'R(2)', 'R(3)'),
  'object this': edited(`const api: any = { rate: 2, f: cached(function (this: any, n: number) { return n * this.rate }) }\nexport const f = (n: number) => api.f(n)`, 'rate: 2', 'rate: 3'),
  'cached imported': multi(`import { g } from './g'\nexport const f = cached(g)`, { 'g.ts': 'const k = 2\nexport const g = (n: number) => n * k' }, 'g.ts', 'k = 2', 'k = 3'),
  'cached ns member': multi(`import * as ns from './g'\nexport const f = cached(ns.g)`, { 'g.ts': 'const k = 2\nexport const g = (n: number) => n * k' }, 'g.ts', 'k = 2', 'k = 3'),
  'bound method data': edited(`class R { constructor(readonly k: number) {} go(n: number) { return n * this.k } }\nconst r = new R(2)\nexport const f = cached(r.go.bind(r))`, 'R(2)', 'R(3)'),
  'static method cached': edited(`class R { static k = 2; static go(n: number) { return n * R.k } }\nexport const f = cached(R.go)`, 'k = 2', 'k = 3'),
  'label continue': edited(`${F('{ let s = 0; o: for (let i = 0; i < n; i++) { for (let j = 0; j < n; j++) { if (j === 1) continue o; s++ } } return s }')}`, 'continue o', 'continue'),
  'generator helper': edited(`function* g(n: number) { yield n; yield n * 2 }\n${F('[...g(n)].join()')}`, 'n * 2', 'n * 3'),
  'nested cached': edited(`const inner = cached((n: number) => n * 2)\n${F('inner(n) + 1')}`, '* 2', '* 3'),
  'nested cached with key': edited(`const inner = cached((n: number) => n * 2, { key: (n: number) => [n] })\n${F('inner(n) + 1')}`, 'key: (n: number) => [n]', 'key: (n: number) => [0, n]'),
  'iterator protocol next': edited(`const it = { [Symbol.iterator]() { let i = 0; return { next: () => ({ done: i++ > 2, value: i }) } } }\n${F('[...it].join() + n')}`, 'i++ > 2', 'i++ > 3'),
  'enum reverse': edited(`enum E { A = 3, B = 4 }\nexport const f = cached((n: number) => E[n])`, 'A = 3, B = 4', 'A = 4, B = 3'),
  'namespace let': edited(`namespace N { export let k = 1; export function set(v: number) { k = v } }\nN.set(2)\n${F('n * N.k')}`, 'set(2)', 'set(3)'),
  'computed member key': multi(`import { KEY } from './key'\nclass A { [KEY]() { return 1 } other() { return 2 } }\n${F("n * (new A() as any).go?.() || 0")}`, { 'key.ts': "export const KEY = 'go'" }, 'key.ts', "'go'", "'stop'"),
  'getter via spread': edited(`const base = { get k() { return 1 } }\nconst o = { ...base }\n${F('n * o.k')}`, 'return 1', 'return 2'),
  'sort comparator in module': edited(`const xs = [3, 1, 2]\nxs.sort((a, b) => a - b)\n${F('n * xs[0]!')}`, 'a - b', 'b - a'),
  'module-level reduce callbacks': edited(`const table = Object.fromEntries(['a', 'b'].map((k, i) => [k, i + 1]))\n${F('n * table.b!')}`, 'i + 1', 'i + 2'),
  'recursion through object': edited(`const v: any = { num: (n: number) => n, add: (a: any, b: any) => v.num(a) + v.num(b) }\n${F('v.add(n, 1)')}`, 'num: (n: number) => n', 'num: (n: number) => -n'),
  'visitor by type name': edited(`class V { visitA(n: number) { return n } visitB(n: number) { return n * 2 } go(k: string, n: number) { return (this as any)['visit' + k](n) } }\n${F("new V().go('B', n)")}`, 'n * 2', 'n * 3'),
  'partial application module': edited(`const add = (a: number) => (b: number) => a + b\nconst add2 = add(2)\n${F('add2(n)')}`, 'add(2)', 'add(3)'),
  'memo helper around': edited(`const memo = (g: any) => { const m = new Map(); return (n: number) => { if (!m.has(n)) m.set(n, g(n)); return m.get(n) } }\nconst g = memo((n: number) => n * 2)\n${F('g(n)')}`, 'n * 2', 'n * 3'),
  'var shared counter elsewhere': edited(`var k = 1\nfunction bump() { k += 1 }\nbump()\n${F('n * k')}`, 'k += 1', 'k += 2'),
  'export star order': multi(`import { go } from './all'\n${F('go(n)')}`, { 'all.ts': "export * from './a'\nexport * from './b'", 'a.ts': 'export const other = 1', 'b.ts': 'export const go = (n: number) => n * 2' }, 'a.ts', 'other = 1', 'go = (n: number) => n * 5'),
  'async helper': edited(`const g = async (n: number) => n * 2\nexport const f = cached(async (n: number) => await g(n))`, '* 2', '* 3'),
  'date format options': edited(`const opts = { minimumFractionDigits: 2 } as const\nconst fmt = new Intl.NumberFormat('en', opts)\nexport const f = cached((n: number) => fmt.format(n))`, 'Digits: 2', 'Digits: 3'),
  'regex lastIndex': edited(`const re = /a(.)/g\nexport const f = cached((n: number) => 'abac'.replace(re, '$1') + n)`, '/g', '/'),
  'class expression in array': edited(`const cs = [class { r() { return 1 } }, class { r() { return 2 } }]\n${F('n * new cs[1]!().r()')}`, 'return 2', 'return 3'),
  'frozen alias': edited(`const raw = { a: 1 }\nexport const conf = Object.freeze(raw)\nraw.a\nconst patched = { ...conf, a: 2 }\n${F('n * patched.a')}`, 'a: 2', 'a: 3'),
  'generic decorate function': edited(`const withTax = (g: (n: number) => number, rate: number) => (n: number) => g(n) * rate\nexport const f = cached(withTax((n) => n + 1, 2))`, ', 2)', ', 3)'),
  'inherited static prop': edited(`class A { static k = 1 }\nclass B extends A {}\nA.k = 2\n${F('n * B.k')}`, 'A.k = 2', 'A.k = 3'),
  'symbol registry': edited(`const S = Symbol.for('x')\nconst reg: any = {}\nreg[S] = (n: number) => n * 2\n${F("reg[Symbol.for('x')](n)")}`, '* 2', '* 3'),
  'finally override': edited(F('{ try { return n } finally { if (n > 1) n = 7; } }'), 'n = 7', 'return 8'),
  'arguments alias': edited(`export const f = cached(function (n: number) { arguments[0] = 5; return n + (arguments[0] as number) })`, '= 5', '= 6'),
  'getter via class static accessor': edited(`class C { static get k() { return C.#v } static #v = 1; static { C.#v = 2 } }\n${F('n * C.k')}`, 'C.#v = 2', 'C.#v = 3'),
}
test.each(Object.entries(deploys))('%s', async (name, [before, after]) => {
  const { answered, computed } = await playDeploy({ files: before }, { files: after })
  const plain = await playDeploy({ files: after }, { files: after })
  const again = await playDeploy({ files: before }, { files: before })
  const refused = typeof answered === 'string' && /^[\w]*Error/.test(answered)
  console.log(JSON.stringify({ name, answered, computed, was: again.computed, warmSame: again.warm && plain.warm, refused }))
  if (refused) return
  expect(answered).toEqual(computed)
})

import { type Deploy, edited, files, head, one, playDeploys, tail } from './edits.ts'

const S = (
  body: string,
  more = '',
  inject = 'new Repo(2)',
  repo = 'class Repo { constructor(private k: number) {} find(n: number) { return n * this.k } }',
) =>
  `interface Port { find(n: number): number }\n${repo}\n${more}\nclass S { constructor(public repo: Port) {}\n ${body} }\nconst f = (n: number) => new (S as any)(${inject}).q(n)`
const inj = (body: string, more = '') => edited(S(body, more), 'n * this.k', 'n * this.k + 1')
const injData = (body: string, more = '') => one(S(body, more), S(body, more, 'new Repo(3)'))
const bodies: Record<string, string> = {
  plain: '@cached() q(n: number) { return this.repo.find(n) }',
  optional: '@cached() q(n: number) { return this.repo?.find(n) }',
  computed: "@cached() q(n: number) { return this.repo['find'](n) }",
  destructured: '@cached() q(n: number) { const { repo } = this; return repo.find(n) }',
  self: '@cached() q(n: number) { const self = this; return self.repo.find(n) }',
  arrow: '@cached() q(n: number) { return [n].map((x) => this.repo.find(x))[0] }',
  'arrow field': 'q = cached((n: number) => this.repo.find(n))',
  'helper gets this': '@cached() q(n: number) { return call(this, n) }',
  'helper gets repo': '@cached() q(n: number) { return callR(this.repo, n) }',
  'default param': '@cached() q(n: number, repo = this.repo) { return repo.find(n) }',
  'own method': '@cached() q(n: number) { return this.inner(n) } inner(n: number) { return this.repo.find(n) }',
  'own getter': '@cached() q(n: number) { return this.r.find(n) } get r() { return this.repo }',
  'bound member': '@cached() q(n: number) { return [n].map(this.repo.find.bind(this.repo))[0] }',
  'bound member var': '@cached() q(n: number) { const g = this.repo.find.bind(this.repo); return g(n) }',
  extracted: '@cached() q(n: number) { const { find } = this.repo as any; return find.call(this.repo, n) }',
  'Reflect.get': "@cached() q(n: number) { return (Reflect.get(this, 'repo') as any).find(n) }",
  'in object': '@cached() q(n: number) { const o = { repo: this.repo }; return o.repo.find(n) }',
  'in array': '@cached() q(n: number) { return [this.repo][0].find(n) }',
  ternary: '@cached() q(n: number) { return (n > 1 ? this.repo : this.repo).find(n) }',
  assign: '@cached() q(n: number) { let r: any; r = this.repo; return r.find(n) }',
  'symbol member':
    '@cached() q(n: number) { return (this as any)[sym](n) } [sym](n: number) { return this.repo.find(n) }',
  'private method': '@cached() q(n: number) { return this.#p(n) } #p(n: number) { return this.repo.find(n) }',
  'with key': '@cached({ key: (n: number) => n }) q(n: number) { return this.repo.find(n) }',
  'eval-like': '@cached() q(n: number) { const { ...all } = this as any; return all.repo.find(n) }',
  'spread this': '@cached() q(n: number) { const all = { ...this } as any; return all.repo.find(n) }',
  'Object.values': '@cached() q(n: number) { return (Object.values(this)[0] as any).find(n) }',
  'async generator':
    '@cached() async q(n: number) { const g = async function* (this: any) { yield this.repo.find(n) }.call(this); return (await g.next()).value }',
  'call.apply':
    '@cached() q(n: number) { return this.inner.apply(this, [n]) } inner(n: number) { return this.repo.find(n) }',
  'callback method':
    '@cached() q(n: number) { return [n].map(this.inner, this)[0] } inner(n: number) { return this.repo.find(n) }',
}
const more =
  'const sym = Symbol("s")\nconst call = (s: any, n: number) => s.repo.find(n)\nconst callR = (r: any, n: number) => r.find(n)'
const deploys: Record<string, Deploy> = {}
for (const [name, body] of Object.entries(bodies)) {
  deploys[`${name} code`] = inj(body, more)
  if (name !== 'with key') deploys[`${name} data`] = injData(body, more)
}
Object.assign(deploys, {
  'base class holds repo code': edited(
    'interface Port { find(n: number): number }\nclass Repo { find(n: number) { return n * 2 } }\nclass Base { constructor(protected repo: Port) {} }\nclass A extends Base { @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'n * 2',
    'n * 3',
  ),
  'base class method holds repo': edited(
    'interface Port { find(n: number): number }\nclass Repo { find(n: number) { return n * 2 } }\nclass Base { constructor(protected repo: Port) {} load(n: number) { return this.repo.find(n) } }\nclass A extends Base { @cached() q(n: number) { return this.load(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'n * 2',
    'n * 3',
  ),
  'base elsewhere': (() => {
    const all = {
      'main.ts': `${head}import { Base } from './base'\nimport { Repo } from './repo'\nclass A extends Base { @cached() q(n: number) { return this.load(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)${tail}`,
      'base.ts':
        'export class Base { constructor(protected repo: { find(n: number): number }) {} load(n: number) { return this.repo.find(n) } }',
      'repo.ts': 'export class Repo { find(n: number) { return n * 2 } }',
    }
    return files(all, { 'repo.ts': 'export class Repo { find(n: number) { return n * 3 } }' })
  })(),
  'repo in repo': edited(
    'interface Port { find(n: number): number }\nclass Inner { v(n: number) { return n * 2 } }\nclass Repo { constructor(private inner: Inner) {} find(n: number) { return this.inner.v(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(new Inner())).q(n)',
    'n * 2',
    'n * 3',
  ),
  'repo in repo destructured': edited(
    'interface Port { find(n: number): number }\nclass Inner { v(n: number) { return n * 2 } }\nclass Repo { constructor(private inner: any) {} find(n: number) { const { inner } = this; return inner.v(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(new Inner())).q(n)',
    'n * 2',
    'n * 3',
  ),
  'repo helper with this': edited(
    'interface Port { find(n: number): number }\nconst go = (x: any, n: number) => x.inner.v(n)\nclass Inner { v(n: number) { return n * 2 } }\nclass Repo { constructor(private inner: any) {} find(n: number) { return go(this, n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(new Inner())).q(n)',
    'n * 2',
    'n * 3',
  ),
  'repo helper with this, data': edited(
    'interface Port { find(n: number): number }\nconst go = (x: any, n: number) => x.k * n\nclass Repo { constructor(private k: any) {} find(n: number) { return go(this, n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(2)).q(n)',
    'new Repo(2)',
    'new Repo(3)',
  ),
  'holder handed on, data of what it calls through': edited(
    'interface Port { find(n: number): number }\nconst go = (x: any, n: number) => x.mid.inner.k * n\nclass Inner { constructor(public k: number) {} v(n: number) { return n } }\nclass Mid { constructor(public inner: Inner) {} w(n: number) { return this.inner.v(n) } }\nclass Repo { constructor(private mid: Mid) {} find(n: number) { return go(this, n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(new Mid(new Inner(2)))).q(n)',
    'new Inner(2)',
    'new Inner(3)',
  ),
  'repo spread this': edited(
    'interface Port { find(n: number): number }\nclass Repo { constructor(private k: any) {} find(n: number) { const { k } = { ...this } as any; return k * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(2)).q(n)',
    'new Repo(2)',
    'new Repo(3)',
  ),
  'repo base data': edited(
    'interface Port { find(n: number): number }\nclass B0 { constructor(protected k: number) {} }\nclass Repo extends B0 { find(n: number) { return this.k * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(2)).q(n)',
    'new Repo(2)',
    'new Repo(3)',
  ),
  'repo private data': edited(
    'interface Port { find(n: number): number }\nclass Repo { #k: number; constructor(k: number) { this.#k = k } find(n: number) { return this.#k * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(2)).q(n)',
    'new Repo(2)',
    'new Repo(3)',
  ),
  'repo static data': edited(
    'interface Port { find(n: number): number }\nclass Repo { static k = 1; find(n: number) { return Repo.k * n } }\nRepo.k = 2\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'k = 2',
    'k = 3',
  ),
  'repo module state': edited(
    'interface Port { find(n: number): number }\nconst cfg = { k: 1 }\nclass Repo { find(n: number) { return cfg.k * n } }\ncfg.k = 2\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'k = 2',
    'k = 3',
  ),
  'repo closure state': edited(
    'interface Port { find(n: number): number }\nconst mk = (k: number) => class { find(n: number) { return k * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new (mk(2))()).q(n)',
    'mk(2)',
    'mk(3)',
  ),
  'repo const class closure': edited(
    'interface Port { find(n: number): number }\nconst mk = (k: number) => class { find(n: number) { return k * n } }\nconst Repo = mk(2)\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'mk(2)',
    'mk(3)',
  ),
  'repo extends closure class': edited(
    'interface Port { find(n: number): number }\nconst mk = (k: number) => class { find(n: number) { return k * n } }\nclass Repo extends mk(2) { }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'mk(2)',
    'mk(3)',
  ),
  'repo base param data': edited(
    'interface Port { find(n: number): number }\nconst mk = (k: number) => class { find(n: number) { return k * n } }\nconst extend = (k: number) => { class Repo extends mk(k) { }; return Repo }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new (extend(2))()).q(n)',
    'extend(2)',
    'extend(3)',
  ),
  'repo env': edited(
    'interface Port { find(n: number): number }\nclass Repo { find(n: number) { return Number(process.env.K ?? 2) * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    '?? 2',
    '?? 3',
  ),
  'repo getter injected': edited(
    'interface Port { find(n: number): number }\nclass Inner { v(n: number) { return n * 2 } }\nconst inner = new Inner()\nclass Repo { get inner() { return inner } find(n: number) { return this.inner.v(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo()).q(n)',
    'n * 2',
    'n * 3',
  ),
  'array of repos': edited(
    'interface Port { find(n: number): number }\nclass Repo { find(n: number) { return n * 2 } }\nclass A { constructor(private repos: Port[]) {} @cached() q(n: number) { return this.repos.map((x) => x.find(n))[0] } }\nconst f = (n: number) => new A([new Repo()]).q(n)',
    'n * 2',
    'n * 3',
  ),
  'array of repos in repo': edited(
    'interface Port { find(n: number): number }\nclass In { v(n: number) { return n * 2 } }\nclass Repo { constructor(private all: In[]) {} find(n: number) { return this.all.map((x) => x.v(n))[0] } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo([new In()])).q(n)',
    'n * 2',
    'n * 3',
  ),
  'map of repos in repo': edited(
    'interface Port { find(n: number): number }\nclass In { v(n: number) { return n * 2 } }\nclass Repo { constructor(private all: Map<string, In>) {} find(n: number) { return this.all.get("a")!.v(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo(new Map([["a", new In()]]))).q(n)',
    'n * 2',
    'n * 3',
  ),
  registry: edited(
    'interface Port { find(n: number): number }\nclass Repo { #m = new Map<string, any>(); add(k: string, v: any) { this.#m.set(k, v); return this } find(n: number) { return this.#m.get("a")(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo().add("a", (n: number) => n * 2)).q(n)',
    'n * 2',
    'n * 3',
  ),
  'registry data': edited(
    'interface Port { find(n: number): number }\nclass Repo { #m = new Map<string, any>(); add(k: string, v: any) { this.#m.set(k, v); return this } find(n: number) { return this.#m.get("a") * n } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo().add("a", 2)).q(n)',
    '"a", 2',
    '"a", 3',
  ),
  'setter injected fn': edited(
    'interface Port { find(n: number): number }\nclass Repo { h: any; use(h: any) { this.h = h; return this } find(n: number) { return this.h(n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo().use((n: number) => n * 2)).q(n)',
    'n * 2',
    'n * 3',
  ),
  'list of handlers': edited(
    'interface Port { find(n: number): number }\nclass Repo { hs: any[] = []; use(h: any) { this.hs.push(h); return this } find(n: number) { return this.hs.reduce((a, h) => h(a), n) } }\nclass A { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new A(new Repo().use((n: number) => n * 2)).q(n)',
    'n * 2',
    'n * 3',
  ),
  'instance of singleton module': edited(
    'class Repo { hs: any[] = []; use(h: any) { this.hs.push(h); return this } find(n: number) { return this.hs.reduce((a, h) => h(a), n) } }\nconst repo = new Repo()\nrepo.use((n: number) => n * 2)\nconst f = cached((n: number) => repo.find(n))',
    'n * 2',
    'n * 3',
  ),
  'event emitter': edited(
    "import { EventEmitter } from 'node:events'\nconst e = new EventEmitter()\nlet last = 0\ne.on('x', (n: number) => { last = n * 2 })\nconst f = cached((n: number) => { let t = 0; e.once('y', () => {}); e.emit('x', n); return e.listeners('x').length })",
    "e.on('x'",
    "e.on('y'",
  ),
  'static registry by decorator': edited(
    'const reg: Record<string, any> = {}\nconst Reg = (name: string) => (C: any, _: any) => { reg[name] = C }\n@Reg("a") class H { v(n: number) { return n * 2 } }\nconst f = cached((n: number) => new reg.a().v(n))',
    'n * 2',
    'n * 3',
  ),
  'env destructured': edited(
    'const { K = 2 } = process.env\nconst f = cached((n: number) => n * Number(K))',
    'K = 2',
    'K = 3',
  ),
  proxy: edited(
    'const p: any = new Proxy({}, { get: () => 2 })\nconst f = cached((n: number) => n * p.x)',
    '=> 2',
    '=> 3',
  ),
  'defineProperty getter': edited(
    'const o: any = {}\nObject.defineProperty(o, "x", { get: () => 2 })\nconst f = cached((n: number) => n * o.x)',
    '=> 2',
    '=> 3',
  ),
  'frozen const nested': edited(
    'const o = Object.freeze({ a: { b: 2 } })\nconst f = cached((n: number) => n * o.a.b)',
    'b: 2',
    'b: 3',
  ),
  'weakmap private': edited(
    'const w = new WeakMap()\nclass A { constructor() { w.set(this, 2) } v() { return w.get(this) } }\nconst f = cached((n: number) => n * new A().v())',
    'this, 2',
    'this, 3',
  ),
  'with deps list': edited(
    'const h = (n: number) => n * 2\nconst g = cached((n: number, x: any = h) => h(n), { deps: [h] })\nconst f = (n: number) => g(n)',
    'n * 2',
    'n * 3',
  ),
  'nested cached helper': edited(
    'const g = cached((n: number) => n * 2)\nconst f = cached((n: number) => g(n) + 1)',
    'n * 2',
    'n * 3',
  ),
  'class extends null static this alias': edited(
    'class A { static k = 2; static self = this; static v() { return this.self.k } }\nconst f = cached((n: number) => n * A.v())',
    'k = 2',
    'k = 3',
  ),
  'super property in object': edited(
    'const base = { v() { return 2 } }\nconst o = { __proto__: base, v(): number { return (super.v as any)() } } as any\nconst f = cached((n: number) => n * o.v())',
    'return 2',
    'return 3',
  ),
  'function hoisted below': edited(
    'const f = cached((n: number) => h(n))\nfunction h(n: number) { return n * k }\nvar k = 2',
    'k = 2',
    'k = 3',
  ),
  'two decls var': edited('var k = 1\nvar k = 2\nconst f = cached((n: number) => n * k)', 'k = 2', 'k = 3'),
  'if else var': edited(
    'var k\nif (1 < 2) { k = 2 } else { k = 5 }\nconst f = cached((n: number) => n * k)',
    '1 < 2',
    '2 < 1',
  ),
  'try init': edited(
    'let k: any\ntry { k = JSON.parse("2") } catch { k = 9 }\nconst f = cached((n: number) => n * k)',
    '"2"',
    '"x"',
  ),
})

playDeploys(deploys)

import { type Deploy, edited, files, head, one, playDeploys, tail } from './edits.ts'

const deploys: Record<string, Deploy> = {
  'a capture in a list': one(
    'const make = (ctx: any) => cached((n: number) => [ctx][0].rate * n)\nexport const f = make({ rate: 2 })',
    'const make = (ctx: any) => cached((n: number) => [ctx][0].rate * n)\nexport const f = make({ rate: 3 })',
  ),
  'a capture in an object': one(
    'const make = (ctx: any) => cached((n: number) => ({ a: ctx }).a.rate * n)\nexport const f = make({ rate: 2 })',
    'const make = (ctx: any) => cached((n: number) => ({ a: ctx }).a.rate * n)\nexport const f = make({ rate: 3 })',
  ),
  'a capture behind what is spread': one(
    'const make = (ctx: any) => cached((n: number) => [0, ...ctx.rates][1] * n)\nexport const f = make({ rates: [2, 7] })',
    'const make = (ctx: any) => cached((n: number) => [0, ...ctx.rates][1] * n)\nexport const f = make({ rates: [3, 7] })',
  ),
  'a member of what a promise of a capture holds': one(
    'const make = (ctx: any) => cached(async (n: number) => (await ctx.rates).eu * n)\nexport const f = make({ rates: Promise.resolve({ eu: 2 }) })',
    'const make = (ctx: any) => cached(async (n: number) => (await ctx.rates).eu * n)\nexport const f = make({ rates: Promise.resolve({ eu: 3 }) })',
  ),
  'a namespace in a list': files(
    {
      'main.ts': `${head}import * as rates from './rates'\nexport const f = cached((n: number) => [rates][0].eu * n)${tail}`,
      'rates.ts': 'export const eu = 2',
    },
    { 'rates.ts': 'export const eu = 3' },
  ),
  'a repository that a promise holds': edited(
    'interface Port { find(n: number): number }\nclass Repo { find(n: number) { return n * 2 } }\nclass S { constructor(private repo: Promise<Port>) {} @cached() async q(n: number) { return (await this.repo).find(n) } }\nconst f = (n: number) => new S(Promise.resolve(new Repo())).q(n)',
    'n * 2',
    'n * 3',
  ),
  'a repository that a promise of another one holds': edited(
    'interface Port { find(n: number): Promise<number> }\nclass Inner { v(n: number) { return n * 2 } }\nclass Repo { constructor(private inner: Promise<Inner>) {} async find(n: number) { return (await this.inner).v(n) } }\nclass S { constructor(private repo: Port) {} @cached() async q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(new Repo(Promise.resolve(new Inner()))).q(n)',
    'n * 2',
    'n * 3',
  ),
  'a closure that is injected': one(
    'const make = (k: number) => cached((n: number) => n * k)\ninterface Port { find(n: number): number }\nclass Repo { constructor(private load: any) {} find(n: number) { return this.load(n) } }\nclass S { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(new Repo(make(2))).q(n)',
    'const make = (k: number) => cached((n: number) => n * k)\ninterface Port { find(n: number): number }\nclass Repo { constructor(private load: any) {} find(n: number) { return this.load(n) } }\nclass S { constructor(private repo: Port) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(new Repo(make(3))).q(n)',
  ),
  'capture by path alias': one(
    'const make = (ctx: any) => { const { rate } = ctx; return cached((n: number) => n * rate) }\nexport const f = make({ rate: 2 })',
    'const make = (ctx: any) => { const { rate } = ctx; return cached((n: number) => n * rate) }\nexport const f = make({ rate: 3 })',
  ),
  'capture let later': one(
    'const make = (a: number) => { let rate = 1; const f = cached((n: number) => n * rate); rate = a; return f }\nexport const f = make(2)',
    'const make = (a: number) => { let rate = 1; const f = cached((n: number) => n * rate); rate = a; return f }\nexport const f = make(3)',
  ),
  'capture in nested closure': one(
    'const make = (rate: number) => cached((n: number) => [n].map((x) => x * rate)[0])\nexport const f = make(2)',
    'const make = (rate: number) => cached((n: number) => [n].map((x) => x * rate)[0])\nexport const f = make(3)',
  ),
  'capture getter': one(
    'const make = (o: any) => cached((n: number) => n * o.rate)\nexport const f = make({ get rate() { return 2 } })',
    'const make = (o: any) => cached((n: number) => n * o.rate)\nexport const f = make({ get rate() { return 3 } })',
  ),
  'capture method call': one(
    'const make = (o: any) => cached((n: number) => n * o.rate())\nexport const f = make({ rate() { return 2 } })',
    'const make = (o: any) => cached((n: number) => n * o.rate())\nexport const f = make({ rate() { return 3 } })',
  ),
  'capture class inst method': one(
    'class R { v() { return 2 } }\nconst make = (o: R) => cached((n: number) => n * o.v())\nexport const f = make(new R())',
    'class R { v() { return 3 } }\nconst make = (o: R) => cached((n: number) => n * o.v())\nexport const f = make(new R())',
  ),
  'capture destructured default': one(
    'const D = 2\nconst make = ({ rate = D } = {}) => cached((n: number) => n * rate)\nexport const f = make()',
    'const D = 3\nconst make = ({ rate = D } = {}) => cached((n: number) => n * rate)\nexport const f = make()',
  ),
  'factory const non literal': one(
    'const make = () => { const rate = [2]; return cached((n: number) => n * rate[0]) }\nexport const f = make()',
    'const make = () => { const rate = [3]; return cached((n: number) => n * rate[0]) }\nexport const f = make()',
  ),
  'factory const array of fn': one(
    'const make = () => { const hs = [(n: number) => n * 2]; return cached((n: number) => hs[0](n)) }\nexport const f = make()',
    'const make = () => { const hs = [(n: number) => n * 3]; return cached((n: number) => hs[0](n)) }\nexport const f = make()',
  ),
  'arg method': one(
    'class P { constructor(public n: number) {} v() { return this.n * 2 } }\nconst g = cached((p: P) => p.v())\nconst f = (n: number) => g(new P(n))',
    'class P { constructor(public n: number) {} v() { return this.n * 3 } }\nconst g = cached((p: P) => p.v())\nconst f = (n: number) => g(new P(n))',
  ),
  'arg callback': one(
    'const g = cached((cb: any) => cb(1))\nconst f = (n: number) => g((x: number) => x * 2)',
    'const g = cached((cb: any) => cb(1))\nconst f = (n: number) => g((x: number) => x * 3)',
  ),
  'this data object': one(
    'const api = { rate: 2, total: cached(function (this: any, n: number) { return this.rate * n }) }\nconst f = (n: number) => api.total(n)',
    'const api = { rate: 3, total: cached(function (this: any, n: number) { return this.rate * n }) }\nconst f = (n: number) => api.total(n)',
  ),
  'this method object': one(
    'const api = { r() { return 2 }, total: cached(function (this: any, n: number) { return this.r() * n }) }\nconst f = (n: number) => api.total(n)',
    'const api = { r() { return 3 }, total: cached(function (this: any, n: number) { return this.r() * n }) }\nconst f = (n: number) => api.total(n)',
  ),
  'call with other this': one(
    'const total = cached(function (this: any, n: number) { return this.r() * n })\nconst f = (n: number) => total.call({ r: () => 2 }, n)',
    'const total = cached(function (this: any, n: number) { return this.r() * n })\nconst f = (n: number) => total.call({ r: () => 3 }, n)',
  ),
  'subclass override': one(
    'class A { @cached() q(n: number) { return this.r() * n } r() { return 1 } }\nclass B extends A { r() { return 2 } }\nconst f = (n: number) => new B().q(n)',
    'class A { @cached() q(n: number) { return this.r() * n } r() { return 1 } }\nclass B extends A { r() { return 3 } }\nconst f = (n: number) => new B().q(n)',
  ),
  'subclass getter override': one(
    'class A { @cached() q(n: number) { return this.r * n } get r() { return 1 } }\nclass B extends A { get r() { return 2 } }\nconst f = (n: number) => new B().q(n)',
    'class A { @cached() q(n: number) { return this.r * n } get r() { return 1 } }\nclass B extends A { get r() { return 3 } }\nconst f = (n: number) => new B().q(n)',
  ),
  'subclass field override by getter': one(
    'class A { r: any = 1; @cached() q(n: number) { return this.r * n } }\nclass B extends A { constructor() { super(); this.r = 2 } }\nconst f = (n: number) => new B().q(n)',
    'class A { r: any = 1; @cached() q(n: number) { return this.r * n } }\nclass B extends A { constructor() { super(); this.r = 3 } }\nconst f = (n: number) => new B().q(n)',
  ),
  'super call': one(
    'class A { r() { return 1 } }\nclass B extends A { @cached() q(n: number) { return super.r() * n } }\nconst f = (n: number) => new B().q(n)',
    'class A { r() { return 2 } }\nclass B extends A { @cached() q(n: number) { return super.r() * n } }\nconst f = (n: number) => new B().q(n)',
  ),
  'own method replaced on instance': one(
    'class A { @cached() q(n: number) { return this.r() * n } r() { return 1 } }\nconst a: any = new A(); a.r = () => 2\nconst f = (n: number) => a.q(n)',
    'class A { @cached() q(n: number) { return this.r() * n } r() { return 1 } }\nconst a: any = new A(); a.r = () => 3\nconst f = (n: number) => a.q(n)',
  ),
  'field arrow of class called through': one(
    'class Repo { find = (n: number) => n * 2 }\nclass S { constructor(private repo: Repo) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(new Repo()).q(n)',
    'class Repo { find = (n: number) => n * 3 }\nclass S { constructor(private repo: Repo) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(new Repo()).q(n)',
  ),
  'repo made by factory fn': one(
    'interface R { find(n: number): number }\nconst make = (): R => ({ find: (n) => n * 2 })\nclass S { constructor(private repo: R) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(make()).q(n)',
    'interface R { find(n: number): number }\nconst make = (): R => ({ find: (n) => n * 3 })\nclass S { constructor(private repo: R) {} @cached() q(n: number) { return this.repo.find(n) } }\nconst f = (n: number) => new S(make()).q(n)',
  ),
  'static method this': one(
    'class A { static r = 2; @cached() static q(n: number) { return this.r * n } }\nconst f = (n: number) => A.q(n)',
    'class A { static r = 3; @cached() static q(n: number) { return this.r * n } }\nconst f = (n: number) => A.q(n)',
  ),
  'static sub': one(
    'class A { static r() { return 1 } @cached() static q(n: number) { return this.r() * n } }\nclass B extends A { static r() { return 2 } }\nconst f = (n: number) => B.q(n)',
    'class A { static r() { return 1 } @cached() static q(n: number) { return this.r() * n } }\nclass B extends A { static r() { return 3 } }\nconst f = (n: number) => B.q(n)',
  ),
  'nested class method': one(
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * k } } return new A() }\nconst f = (n: number) => make(2).q(n)',
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * k } } return new A() }\nconst f = (n: number) => make(3).q(n)',
  ),
  'nested class own method': one(
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * this.r() } r() { return k } } return new A() }\nconst f = (n: number) => make(2).q(n)',
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * this.r() } r() { return k } } return new A() }\nconst f = (n: number) => make(3).q(n)',
  ),
  'nested class edit': one(
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * this.r() } r() { return 2 } } return new A() }\nconst f = (n: number) => make(2).q(n)',
    'const make = (k: number) => { class A { @cached() q(n: number) { return n * this.r() } r() { return 3 } } return new A() }\nconst f = (n: number) => make(2).q(n)',
  ),
  'nested class field inject': one(
    'interface R { v(): number }\nclass R2 { v() { return 2 } }\nconst make = (r: R) => { class A { r: R = r; @cached() q(n: number) { return n * this.r.v() } } return new A() }\nconst f = (n: number) => make(new R2()).q(n)',
    'interface R { v(): number }\nclass R2 { v() { return 3 } }\nconst make = (r: R) => { class A { r: R = r; @cached() q(n: number) { return n * this.r.v() } } return new A() }\nconst f = (n: number) => make(new R2()).q(n)',
  ),
  mixin: one(
    'const Mix = (B: any) => class extends B { r() { return 2 } }\nclass Base { }\nclass A extends Mix(Base) { @cached() q(n: number): number { return n * (this as any).r() } }\nconst f = (n: number) => new A().q(n)',
    'const Mix = (B: any) => class extends B { r() { return 3 } }\nclass Base { }\nclass A extends Mix(Base) { @cached() q(n: number): number { return n * (this as any).r() } }\nconst f = (n: number) => new A().q(n)',
  ),
  'key helper': one(
    'const idOf = (n: number) => n % 2\nconst f = cached((n: number) => n * 2, { key: (n: number) => idOf(n) })',
    'const idOf = (n: number) => n % 2 + 1\nconst f = cached((n: number) => n * 2, { key: (n: number) => idOf(n) })',
  ),
}

playDeploys(deploys)

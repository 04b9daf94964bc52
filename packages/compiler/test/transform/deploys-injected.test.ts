import { expect, test } from 'vitest'
import { type Deploy, edited, playDeploy, playDeploys } from './edits.ts'

/** A service with something injected, a cached method that uses it, and a call of that. */
const service = (declared: string, use: string, given: string, before = ''): string =>
  `${before}\nclass Service { constructor(private held: ${declared}) {} @cached({ name: 'go' }) async go(n: number) { return ${use} } }\n` +
  `export const f = async (n: number) => { const given: any = ${given}; return new Service(given).go(n) }`

const repository = 'class Repo { find(n: number) { return n } }'

const deploys: Record<string, Deploy> = {
  'a method of what is injected, replaced on the object': edited(
    `${repository}\nclass Service { constructor(private repo: Repo) {} @cached({ name: 'go' }) async go(n: number) { return this.repo.find(n) } }\n` +
      'export const f = (n: number) => { const repo = new Repo(); repo.find = (n) => n * 2; return new Service(repo).go(n) }',
    'n * 2',
    'n * 3',
  ),
  'a method of what that holds, replaced on the object': edited(
    `${repository}\nclass Inner { constructor(private repo: Repo) {} find(n: number) { return this.repo.find(n) } }\n` +
      "class Service { constructor(private inner: Inner) {} @cached({ name: 'go' }) async go(n: number) { return this.inner.find(n) } }\n" +
      'export const f = (n: number) => { const repo = new Repo(); repo.find = (n) => n * 2; return new Service(new Inner(repo)).go(n) }',
    'n * 2',
    'n * 3',
  ),
  'a getter of what is injected': edited(
    service('Conf', 'n * this.held.rate', 'new Conf()', 'class Conf { get rate() { return 2 } }'),
    'return 2',
    'return 3',
  ),
  'another class behind an interface': edited(
    service(
      'Port',
      'this.held.find(n)',
      'new One()',
      'interface Port { find(n: number): number }\nclass One implements Port { find(n: number) { return n } }\nclass Two implements Port { find(n: number) { return n * 2 } }',
    ),
    'new One()',
    'new Two()',
  ),
  'the third level of what is injected': edited(
    service(
      'B',
      'this.held.b(n)',
      'new B(new C())',
      'class C { k() { return 2 } }\nclass B { constructor(private c: C) {} b(n: number) { return n * this.c.k() } }',
    ),
    'return 2',
    'return 3',
  ),
  'a subclass that a function makes': edited(
    service('Repo', 'this.held.find(n)', 'new (class extends Repo { find(n: number) { return n * 2 } })()', repository),
    'n * 2',
    'n * 3',
  ),
  'an overriding method that reads data of its own': edited(
    "class Base { @cached({ name: 'go' }) async go(n: number) { return n * this.rate() } rate() { return 1 } }\n" +
      'class Sub extends Base { k = 2; rate() { return this.k } }\nexport const f = (n: number) => new Sub().go(n)',
    'k = 2',
    'k = 3',
  ),
  'what an accessor makes of a value': edited(
    "class Service { k = 1; set rate(v: number) { this.k = v * 2 } @cached({ name: 'go' }) async go(n: number) { return n * this.k } }\n" +
      'export const f = (n: number) => { const service = new Service(); service.rate = 2; return service.go(n) }',
    'v * 2',
    'v * 3',
  ),
  'what a list holds, to which a member adds once': edited(
    service(
      'Repo',
      'n + this.held.sum()',
      'new Repo()',
      'class Repo { seen: number[] = []; add(x: number) { if (!this.seen.includes(x)) this.seen.push(x) }\n' +
        'sum() { return this.seen.reduce((a, b) => a + b, 0) } }',
    ).replace('new Repo();', 'new Repo(); given.add(2);'),
    'add(2)',
    'add(3)',
  ),
  'what a map holds, to which a member adds once': edited(
    service(
      'Repo',
      "n + this.held.get('a')",
      'new Repo()',
      'class Repo { seen = new Map<string, number>(); add(k: string, x: number) { if (!this.seen.has(k)) this.seen.set(k, x) }\n' +
        'get(k: string) { return this.seen.get(k) ?? 0 } }',
    ).replace('new Repo();', "new Repo(); given.add('a', 2);"),
    "'a', 2",
    "'a', 3",
  ),
}

playDeploys(deploys)

test.each([
  ['are those of its class', repository],
  [
    'are bound by its constructor',
    'class Repo { constructor() { this.find = this.find.bind(this) } find(n: number) { return n } }',
  ],
])('an object whose methods %s is warm in the next release', async (_, before) => {
  const [files] = edited(service('Repo', 'this.held.find(n)', 'new Repo()', before), 'return n', 'return n')
  expect((await playDeploy({ files }, { files })).warm).toBe(true)
})

import { describe, expect, test } from 'vitest'
import type { CompilerConfig } from '../src/config.ts'
import { inMemory } from './in-memory.ts'

const core = "import { cached, createAutocache } from '@autocache/core'\n"

type Files = Readonly<Record<string, string>>
const filesOf = (source: string | Files): Files => (typeof source === 'string' ? { 'main.ts': source } : source)
const labels = (source: string | Files, config: CompilerConfig = {}) =>
  inMemory(filesOf(source), { config }).functions.map(({ label, form }) => `${form} ${label}`)

const found: Record<string, readonly [source: string | Files, labels: readonly string[]]> = {
  'a call': [`${core}export const f = cached((a) => a)`, ['call f']],
  'a default export': [`${core}export default cached((a) => a)`, ['call default']],
  'a property of an object': [
    `${core}export const api = { user: cached((a) => a), deep: { x: cached(() => 2) } }`,
    ['call api.user', 'call api.deep.x'],
  ],
  'a call inside a call': [
    `${core}export const f = cached((a) => { const g = cached((b) => b + a); return g(1) })`,
    ['call f', 'call f.g'],
  ],
  'a renamed import': ["import { cached as memo } from '@autocache/core'; export const f = memo((a) => a)", ['call f']],
  'a namespace of ours': ["import * as ac from '@autocache/core'; export const f = ac.cached((a) => a)", ['call f']],
  'an import by assignment': [
    "import ac = require('@autocache/core'); export const f = ac.cached((a) => a)",
    ['call f'],
  ],
  'a module of ours, imported when it runs': [
    "const { cached } = await import('@autocache/core'); export const f = cached((a) => a)",
    ['call f'],
  ],
  'require with a pattern': [
    { 'main.cjs': "const { cached } = require('@autocache/core'); exports.f = cached((a) => a)" },
    ['call f'],
  ],
  'require of the whole': [
    { 'main.cjs': "const ac = require('@autocache/core'); const f = ac.cached((a) => a); module.exports = { f }" },
    ['call f'],
  ],
  'require of an instance': [
    {
      'main.cjs':
        "const { createAutocache } = require('@autocache/core'); const c = createAutocache(); exports.f = c.cached((a) => a)",
    },
    ['call f'],
  ],
  'an instance': [
    `${core}const cache = createAutocache({ ttl: '5m' }); export const f = cache.cached((a) => a)`,
    ['call f'],
  ],
  'an instance with a computed member': [
    `${core}const cache = createAutocache(); export const f = cache['cached']((a) => a)`,
    ['call f'],
  ],
  'an instance that may be absent': [
    `${core}const cache = createAutocache(); export const f = cache?.cached((a) => a)`,
    ['call f'],
  ],
  'an instance with types around it': [
    `${core}const cache = createAutocache({}) as any; export const f = (cache as any).cached<number>((a) => a)`,
    ['call f'],
  ],
  'an instance by another name': [
    `${core}const c = createAutocache(); const d = c; export const f = d.cached((a) => a)`,
    ['call f'],
  ],
  'an instance of either kind': [
    `${core}const c = X ? createAutocache({}) : createAutocache(); export const f = c.cached((a) => a)`,
    ['call f'],
  ],
  'an instance kept on a global': [
    `${core}const c = (globalThis.c ??= createAutocache()); export const f = c.cached((a) => a)`,
    ['call f'],
  ],
  'an instance that is set later': [
    `${core}let c; c = createAutocache(); export const f = c.cached((a) => a)`,
    ['call f'],
  ],
  'an instance in an object': [
    `${core}const services = { cache: createAutocache() }; export const f = services.cache.cached((a) => a)`,
    ['call f'],
  ],
  'an instance in a function': [
    `${core}export function make(store) { const c = createAutocache({ store }); return c.cached((a) => a) }`,
    ['call make'],
  ],
  'a factory of instances': [
    `${core}const make = () => createAutocache({}); const c = make(); export const f = c.cached((a) => a)`,
    ['call f'],
  ],
  'a destructured wrapper': [
    `${core}export const { cached: memo } = createAutocache({}); export const f = memo((a) => a)`,
    ['call f'],
  ],
  'a wrapper destructured from an instance': [
    `${core}const c = createAutocache({}); const { cached: memo, of } = c; export const f = memo((a) => a)`,
    ['call f'],
  ],
  'a wrapper by another name': [
    `${core}const c = createAutocache(); const memo = c.cached; export const f = memo((a) => a)`,
    ['call f'],
  ],
  'an instance of another module': [
    {
      'main.ts': "import { cache as store } from './cache'; export const f = store.cached((a) => a)",
      'cache.ts': `${core}export const cache = createAutocache()`,
    },
    ['call f'],
  ],
  'an instance that is a default export': [
    {
      'main.ts': "import store from './cache'; export const f = store.cached((a) => a)",
      'cache.ts': `${core}const c = createAutocache()\nexport default c`,
    },
    ['call f'],
  ],
  'a wrapper of another module': [
    {
      'main.ts': "import { memo } from './cache'; export const f = memo((a) => a)",
      'cache.ts': `${core}export const { cached: memo } = createAutocache()`,
    },
    ['call f'],
  ],
  'a wrapper through a star': [
    {
      'main.ts': "import { memo } from './index'; export const f = memo((a) => a)",
      'index.ts': "export * from './cache'",
      'cache.ts': `${core}export const { cached: memo } = createAutocache()`,
    },
    ['call f'],
  ],
  'a wrapper renamed on the way': [
    {
      'main.ts': "import { keep } from './index'; export const f = keep((a) => a)",
      'index.ts': "export { memo as keep } from './cache'",
      'cache.ts': `${core}const { cached: memo } = createAutocache()\nexport { memo }`,
    },
    ['call f'],
  ],
  'ours through a barrel': [
    {
      'main.ts': "import { keep } from './index'; export const f = keep((a) => a)",
      'index.ts': "export { cached as keep } from '@autocache/core'",
    },
    ['call f'],
  ],
  'ours through a star': [
    {
      'main.ts': "import { cached } from './index'; export const f = cached((a) => a)",
      'index.ts': "export * from '@autocache/core'",
    },
    ['call f'],
  ],
  'an instance in a field': [
    `${core}export class A { cache = createAutocache(); f = this.cache.cached((a) => a) }`,
    ['call A.f'],
  ],
  'an instance in a private field': [
    `${core}export class A { #cache = createAutocache(); f = this.#cache.cached((a) => a) }`,
    ['call A.f'],
  ],
  'an instance set by the constructor': [
    `${core}export class A { constructor() { this.cache = createAutocache(); this.f = this.cache.cached((a) => a) } }`,
    ['call A.constructor.f'],
  ],
  'an instance in a static field': [
    `${core}export class A { static cache = createAutocache(); static f = A.cache.cached((a) => a) }`,
    ['call A.f'],
  ],
  decorators: [
    `${core}const c = createAutocache(); export class A { @c.cached({ ttl: '1m' }) async q(a) { return a } @c.cached bare(b) { return b } @cached static s(x) { return x } @cached() #p(d) { return d } }`,
    ['decorator A.q', 'decorator A.bare', 'decorator A.s', 'decorator A.#p'],
  ],
  'the decorator of an adapter': [
    "import { Cached } from '@autocache/nestjs'; export class A { @Cached({ ttl: 1 }) q(a) { return a } }",
    ['decorator A.q'],
  ],
}

describe('uses are found by binding', () => {
  for (const [title, [source, expected]] of Object.entries(found)) {
    test(`${title} is one`, () => expect(labels(source)).toEqual(expected))
  }
})

const configured: Record<string, readonly [files: Files, wrapper: string, labels: readonly string[]]> = {
  'a function of the project': [
    {
      'main.ts': "import { memo as m } from './lib/memo'; export const f = m((a) => a)",
      'lib/memo.ts': 'export const memo = (f) => f',
    },
    './lib/memo#memo',
    ['call f'],
  ],
  'a default export': [
    {
      'main.ts': "import memo from './lib/memo'; export const f = memo((a) => a)",
      'lib/memo.ts': 'export default (f) => f',
    },
    './lib/memo#default',
    ['call f'],
  ],
  'a function of a package': [
    {
      'main.ts': "import { memo } from 'pkg'; export const f = memo((a) => a)",
      'node_modules/pkg/package.json': '{"name":"pkg","version":"1.0.0","main":"i.js"}',
      'node_modules/pkg/i.js': '',
    },
    'pkg#memo',
    ['call f'],
  ],
  'a function that is not exported': [
    { 'main.ts': 'const cache = (f, o) => f; export const f = cache((a) => a, { ttl: 1 })' },
    './main#cache',
    ['call f'],
  ],
  'a decorator': [
    {
      'main.ts': "import { Memo } from './memo'; export class A { @Memo({}) m() { return 1 } @Memo x() { return 2 } }",
      'memo.ts': 'export const Memo = (f) => f',
    },
    './memo#Memo',
    ['decorator A.m', 'decorator A.x'],
  ],
}

describe('wrappers of the configuration', () => {
  for (const [title, [files, wrapper, expected]] of Object.entries(configured)) {
    test(`${title} is one`, () => expect(labels(files, { wrappers: [wrapper] })).toEqual(expected))
  }
})

const none: Record<string, string | Files> = {
  'a function of that name': 'function cached(f) { return f }; export const f = cached(() => 1)',
  'a parameter of that name': `${core}export function f(cached) { return cached(() => 1) }`,
  'a parameter with such a member': `${core}export function f(cache) { return cache.cached(() => 1) }`,
  'a type of that name':
    "import type { cached } from '@autocache/core'; declare const x: typeof cached; export const f = x(() => 1)",
  'a function of another module': {
    'main.ts': "import { cached } from './mine'; export const f = cached((a) => a)",
    'mine.ts': 'export const cached = (f) => f',
  },
  'a member of an object of another module': {
    'main.ts': "import { mine } from './mine'; export const f = mine.cached((a) => a)",
    'mine.ts': 'export const mine = { cached: (f) => f }',
  },
  'a function of a package': "import { cached } from 'other'; export const f = cached((a) => a)",
  'a wrapper that is replaced': `${core}let memo = cached; memo = (f) => f; export const f = memo((a) => a)`,
  'another member of an instance': `${core}const c = createAutocache(); export const f = c.of((a) => a)`,
  'a local that hides the import': `${core}export function f() { const cached = (g) => g; return cached(() => 1) }`,
}

describe('what only looks like one', () => {
  for (const [title, source] of Object.entries(none)) {
    test(`${title} is none`, () => expect(labels(source)).toEqual([]))
  }
})

test('a use says where it stands and what exports it', () => {
  const [f] = inMemory({ 'main.ts': `${core}const user = cached((a) => a)\nexport { user as getUser }` }).functions
  expect(f).toMatchObject({ label: 'user', export: 'getUser', file: 'main.ts', line: 2, column: 14, form: 'call' })
})

const version = (source: string | Files, name = 'f') =>
  inMemory(filesOf(source)).versionOf(Object.keys(filesOf(source))[0]!, name).version

const different: Record<string, readonly [before: string, after: string, name?: string]> = {
  'R07 the source of key': [
    'export const f = cached((a) => a.v, { key: (a) => a.id })',
    'export const f = cached((a) => a.v, { key: (a) => a.name })',
  ],
  'R07 a method key': [
    'export const f = cached((a) => a.v, { key(a) { return a.id } })',
    'export const f = cached((a) => a.v, { key(a) { return a.name } })',
  ],
  'R07 the key of options by name': [
    'const o = { key: (a) => a.id }; export const f = cached((a) => a.v, o)',
    'const o = { key: (a) => a.name }; export const f = cached((a) => a.v, o)',
  ],
  'R07 the key of spread options': [
    'const o = { key: (a) => a.id }; export const f = cached((a) => a.v, { ...o, ttl: 1 })',
    'const o = { key: (a) => a.name }; export const f = cached((a) => a.v, { ...o, ttl: 1 })',
  ],
  'R07 the key of options that are made': [
    'const o = () => ({ key: (a) => a.id }); export const f = cached((a) => a.v, o())',
    'const o = () => ({ key: (a) => a.name }); export const f = cached((a) => a.v, o())',
  ],
  'R07 the key that options get later': [
    'const o = { ttl: 1 }; o.key = (a) => a.id; export const f = cached((a) => a.v, o)',
    'const o = { ttl: 1 }; o.key = (a) => a.name; export const f = cached((a) => a.v, o)',
  ],
  'R07 a function of the factory used by key': [
    'export function make() { const k = (a) => a.id; return cached((a) => a.v, { key: (a) => k(a) }) }',
    'export function make() { const k = (a) => a.name; return cached((a) => a.v, { key: (a) => k(a) }) }',
    'make',
  ],
  'R07 the key of a decorator': [
    'export class A { @cached({ key: (a) => a.id }) m(a) { return a } }',
    'export class A { @cached({ key: (a) => a.name }) m(a) { return a } }',
    'A.m',
  ],
  'a decorator applied before': [
    'const d = (f) => () => 1; export class A { @cached @d m(a) { return a } }',
    'const d = (f) => () => 2; export class A { @cached @d m(a) { return a } }',
    'A.m',
  ],
  'a decorator of a parameter': [
    'const P = (n) => () => {}; export class A { @cached m(@P(1) a) { return a } }',
    'const P = (n) => () => {}; export class A { @cached m(@P(2) a) { return a } }',
    'A.m',
  ],
  'a function by name': [
    'const g = (k) => k; export const f = cached(g)',
    'const g = (k) => k + 1; export const f = cached(g)',
  ],
  'a property of a function by name': [
    'function g() { return g.r } g.r = 1; export const f = cached(g)',
    'function g() { return g.r } g.r = 2; export const f = cached(g)',
  ],
  'the same with a key': [
    'function g() { return g.r } g.r = 1; export const f = cached(g, { key: (k) => k })',
    'function g() { return g.r } g.r = 2; export const f = cached(g, { key: (k) => k })',
  ],
  'a function made by another': [
    'const w = (g) => (k) => g(k); export const f = cached(w((k) => k))',
    'const w = (g) => (k) => g(k) + 1; export const f = cached(w((k) => k))',
  ],
  'what a bound function is bound to': [
    'const g = (a, k) => k; export const f = cached(g.bind(null, 1))',
    'const g = (a, k) => k; export const f = cached(g.bind(null, 2))',
  ],
  'a wrapper that is replaced': [
    'let memo = cached; memo = (g) => (k) => g(k) + 1; export const f = memo((k) => k)',
    'let memo = cached; memo = (g) => (k) => g(k) + 2; export const f = memo((k) => k)',
  ],
  'a wrapper that is a parameter': [
    'const w = (cached) => cached((k) => k); export const f = w((g) => () => 1)',
    'const w = (cached) => cached((k) => k); export const f = w((g) => () => 2)',
  ],
  'a spread first argument': [
    'const a = [(k) => k]; export const f = cached(...a)',
    'const a = [(k) => k + 1]; export const f = cached(...a)',
  ],
}

describe('the version of a use changes with', () => {
  for (const [title, [before, after, name]] of Object.entries(different)) {
    test(title, () => expect(version(core + after, name)).not.toBe(version(core + before, name)))
  }
})

const same: Record<string, readonly [before: string, after: string, name?: string]> = {
  'its options': [
    'export const f = cached((a) => a, { ttl: 1 })',
    "export const f = cached((a) => a, { ttl: 2, tags: ['a'] })",
  ],
  'options by name': [
    'const o = { ttl: 1 }; export const f = cached((a) => a, o)',
    'const o = { ttl: 2 }; export const f = cached((a) => a, o)',
  ],
  'the options of a decorator': [
    'export class A { @cached({ ttl: 1 }) m(a) { return a } }',
    'export class A { @cached m(a) { return a } }',
    'A.m',
  ],
  'a decorator applied after': [
    'const d = (f) => f; export class A { @d @cached m(a) { return a } }',
    'const d = (f) => f ?? 1; export class A { @d @cached m(a) { return a } }',
    'A.m',
  ],
  'the name of the wrapper': [
    'export const f = cached((a) => a)',
    'const memo = cached; export const f = memo((a) => a)',
  ],
}

describe('the version of a use stays with', () => {
  for (const [title, [before, after, name]] of Object.entries(same)) {
    test(title, () => expect(version(core + after, name)).toBe(version(core + before, name)))
  }
})

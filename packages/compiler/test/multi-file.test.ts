import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

type Files = Readonly<Record<string, string>>

const versionIn = (files: Files) => inMemory(files).versionOf('a.ts', 'f').version

/** The versions of `f` in `a.ts` before and after other texts of some files. */
const versions = (files: Files, edits: Files) => [versionIn(files), versionIn({ ...files, ...edits })] as const

const changes = (files: Files, edits: Files) => {
  const [before, after] = versions(files, edits)
  expect(after).not.toBe(before)
}
const keeps = (files: Files, edits: Files) => {
  const [before, after] = versions(files, edits)
  expect(after).toBe(before)
}

describe('a call elsewhere in the program, as its modules are evaluated', () => {
  const registry = {
    'a.ts': `import { registry } from './registry'\nexport const f = () => [...registry.values()]`,
    'registry.ts': `export const registry = new Map()\nexport const add = (key, value) => { registry.set(key, value) }`,
  }

  test('of a function that fills what is read counts', () => {
    const main = (value: number) => `import './a'\nimport { add } from './registry'\nadd('k', ${value})`
    changes({ ...registry, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('counts through a function beside it', () => {
    const main = (value: number) =>
      `import './a'\nimport { add } from './registry'\nfunction boot() { add('k', ${value}) }\nboot()`
    changes({ ...registry, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('of a setter counts', () => {
    const files = {
      'a.ts': `import { level } from './level'\nexport const f = () => level()`,
      'level.ts': `let current = 0\nexport const set = (to) => { current = to }\nexport const level = () => current`,
    }
    const main = (value: number) => `import './a'\nimport { set } from './level'\nset(${value})`
    changes({ ...files, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('of a decorator that registers counts', () => {
    const files = {
      'a.ts': `import { all } from './all'\nexport const f = () => all.map((each) => new each().run())`,
      'all.ts': `export const all = []\nexport const Register = (name) => (value) => { all.push(value) }`,
      'main.ts': `import './a'\nimport './handler'`,
    }
    const handler = (value: number) =>
      `import { Register } from './all'\n@Register('h') export class Handler { run() { return ${value} } }`
    changes({ ...files, 'handler.ts': handler(1) }, { 'handler.ts': handler(2) })
  })

  test('of a constructor that registers counts', () => {
    const files = {
      'a.ts': `import { all } from './all'\nexport const f = () => all`,
      'all.ts': `export const all = []\nexport class Job { constructor(name) { all.push(name) } }`,
    }
    const main = (value: number) => `import './a'\nimport { Job } from './all'\nexport const job = new Job(${value})`
    changes({ ...files, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('of a factory is none of the affairs of those that use its memo through it only', () => {
    const files = {
      'a.ts': `import { logger } from './log'\nconst log = logger('a')\nexport const f = () => { log.info('x'); return 1 }`,
      'log.ts': `const made = new Map()
export const logger = (name) => {
  if (!made.has(name)) made.set(name, { info() {} })
  return made.get(name)
}
export const dump = () => made`,
      'main.ts': `import './a'\nimport './b'`,
    }
    const other = (name: string) => `import { logger } from './log'\nexport const log = logger('${name}')`
    keeps({ ...files, 'b.ts': other('b') }, { 'b.ts': other('c') })
  })

  test('of a function that hands a listener to those that are called counts', () => {
    const files = {
      'a.ts': `import { emit } from './events'\nexport const f = () => emit('price', 1)`,
      'events.ts': `const listeners = {}
export const on = (name, listener) => { (listeners[name] ??= []).push(listener) }
export const emit = (name, value) => (listeners[name] ?? []).reduce((result, listener) => listener(result), value)`,
      'main.ts': `import './a'\nimport { register } from './listeners'\nregister()`,
    }
    const listeners = (by: number) =>
      `import { on } from './events'\nexport function register() { on('price', (x) => x + ${by}) }`
    changes({ ...files, 'listeners.ts': listeners(1) }, { 'listeners.ts': listeners(2) })
  })

  test('in a test of the project does not count', () => {
    const other = (value: number) => `import './a'\nimport { add } from './registry'\nadd('k', ${value})`
    keeps({ ...registry, 'a.test.ts': other(1) }, { 'a.test.ts': other(2) })
  })
})

describe('what uses a cached function changes nothing about it', () => {
  const files = {
    'package.json': '{}',
    'a.ts': `import { cached } from '@autocache/core'\nexport const f = cached(async (id) => id)`,
    'app.ts': `import express from 'express'\nexport const app = express()`,
  }
  const uses: Readonly<Record<string, string>> = {
    'a route of an application of another module': `import { app } from './app'
app.get('/1', async (request, response) => response.json(await f(request.id)))`,
    'a route of an application beside it': `import express from 'express'
const app = express()
app.get('/1', async (request, response) => { const found = await f(request.id); found.seen = true; response.json(found) })`,
    'a chain of routes': `import { Hono } from 'hono'\nexport default new Hono().get('/1', (context) => context.json(f('x')))`,
    'a call that warms it': `await f('1')`,
    'a call whose result is handled': `f('1').then((value) => console.log(value))`,
    'a method of its handle': `f.invalidate('1')`,
    'a timer': `setInterval(() => f('1'), 1000)`,
    'a table that holds it': `const routes = new Map()\nroutes.set('/1', f)`,
    'a class that calls it': `export class Service { run() { return f('1') } }\nexport const service = new Service()`,
  }
  for (const [what, code] of Object.entries(uses)) {
    test(what, () => {
      const main = `import { f } from './a'\n${code}`
      keeps({ ...files, 'main.ts': main }, { 'main.ts': main.replace('1', '2') })
    })
  }
})

describe('a global', () => {
  test('that a function sets counts where an entry calls it', () => {
    const files = {
      'a.ts': `export const f = () => globalThis.rate`,
      'set.ts': `export const set = (to) => { globalThis.rate = to }`,
    }
    const main = (value: number) => `import './a'\nimport { set } from './set'\nset(${value})`
    changes({ ...files, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('counts where the closure holds the global object itself', () => {
    const files = {
      'a.ts': `import { root } from './root'\nexport const f = () => root.rate`,
      'root.ts': `export const root = globalThis`,
    }
    const main = (value: number) => `import './a'\nglobalThis.rate = ${value}`
    changes({ ...files, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('under a symbol counts', () => {
    const files = {
      'a.ts': `const all = (globalThis[Symbol.for('all')] ??= new Map())\nexport const f = () => all.get('k')`,
    }
    const main = (value: number) =>
      `import './a'\nconst all = (globalThis[Symbol.for('all')] ??= new Map())\nall.set('k', ${value})`
    changes({ ...files, 'main.ts': main(1) }, { 'main.ts': main(2) })
  })

  test('is not patched by what is done to a map of a module', () => {
    const module = (value: number) => `const own = new Map()\nown.set('k', ${value})\nexport const x = 1`
    keeps(
      { 'a.ts': `import { x } from './m'\nexport const f = () => new Map([[x, 1]])`, 'm.ts': module(1) },
      { 'm.ts': module(2) },
    )
  })
})

describe('modules that import each other', () => {
  const cycle = {
    'x.ts': `import { y } from './y'\nexport var x = (y ?? 0) + 1`,
    'y.ts': `import { x } from './x'\nexport var y = (x ?? 0) + 10`,
    'm.ts': `export const x = 1\nexport const m = 2`,
  }

  test('are evaluated in an order that counts where one reads the other', () => {
    const a = (first: string) => `import './${first}'\nimport { y } from './y'\nexport const f = () => y`
    changes({ ...cycle, 'a.ts': a('x') }, { 'a.ts': a('y') })
  })

  test('have functions from the start, and constants not', () => {
    const files = {
      'a.ts': `import { b } from './b'\nexport function x() { return 1 }\nexport const f = () => b`,
      'b.ts': `import { x } from './a'\nexport let b\ntry { b = x() } catch { b = 0 }`,
    }
    changes(files, {
      'a.ts': `import { b } from './b'\nexport const x = () => { return 1 }\nexport const f = () => b`,
    })
  })

  test('are evaluated in an order that does not count where they call each other later', () => {
    const files = {
      'x.ts': `import { y } from './y'\nexport const x = (n) => n > 0 ? y(n - 1) : 0`,
      'y.ts': `import { x } from './x'\nexport const y = (n) => x(n)`,
    }
    const a = (first: string) => `import './${first}'\nimport { y } from './y'\nexport const f = () => y(3)`
    const without = { ...files, 'a.ts': `import { y } from './y'\nexport const f = () => y(3)` }
    keeps(without, {
      'a.ts': `import { x } from './x'\nimport { y } from './y'\nexport const f = () => y(3)\nexport { x }`,
    })
    expect(versionIn({ ...files, 'a.ts': a('x') })).toBe(versionIn({ ...files, 'a.ts': a('y') }))
  })
})

describe('`export default` of a name', () => {
  const a = { 'a.ts': `import x from './x'\nexport const f = () => x` }

  test('hands out the value of that moment, where `export { x as default }` follows it', () => {
    changes(
      { ...a, 'x.ts': `let x = 1\nexport { x as default }\nx = 2` },
      { 'x.ts': `let x = 1\nexport default x\nx = 2` },
    )
    changes({ ...a, 'x.ts': `let x = 1\nexport default x\nx = 2` }, { 'x.ts': `let x = 1\nx = 2\nexport default x` })
  })

  test('is the same as the other where it is never assigned again', () => {
    keeps({ ...a, 'x.ts': `const x = 1\nexport { x as default }` }, { 'x.ts': `const x = 1\nexport default x` })
  })
})

describe('a worker', () => {
  const worker = {
    'a.ts': `export const f = () => new Worker(new URL('./worker.ts', import.meta.url))`,
    'worker.ts': `import './effect'\nimport { rate } from './rate'\npostMessage(rate)`,
    'rate.ts': 'export const rate = 1',
    'effect.ts': 'globalThis.on = 1',
    'other.ts': 'export const other = 1',
  }

  test('counts with what it imports', () => {
    changes(worker, { 'rate.ts': 'export const rate = 2' })
    changes(worker, { 'effect.ts': 'globalThis.on = 2' })
    keeps(worker, { 'other.ts': 'export const other = 2' })
  })

  test('is one under the query of a bundler as well', () => {
    const files = { ...worker, 'a.ts': `import Made from './worker?worker'\nexport const f = () => new Made()` }
    changes(files, { 'rate.ts': 'export const rate = 2' })
  })

  test('is a text where only that is asked for', () => {
    const files = { ...worker, 'a.ts': `import text from './worker.ts?raw'\nexport const f = () => text` }
    keeps(files, { 'rate.ts': 'export const rate = 2' })
    changes(files, { 'worker.ts': `${worker['worker.ts']} // more` })
  })
})

test('`require.context` is reported: what it finds is in no version', () => {
  const analysis = inMemory({
    'a.js': `const all = require.context('./all', false, /js$/)\nexport const f = () => all.keys()`,
  })
  const codes = analysis.versionOf('a.js', 'f').diagnostics.map(({ code }) => code)
  expect(codes).toContain('dynamic-require')
})

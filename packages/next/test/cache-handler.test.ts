/** The cache handler by itself, over stores that work and stores that do not. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AsyncStore, memoryStore } from '@autocache/core'
import { cacheHandler } from '@autocache/next/cache-handler'
import { afterAll, describe, expect, test, vi } from 'vitest'

// As Next's server has it, before anything of it is loaded.
vi.hoisted(async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks')
  Object.assign(globalThis, { AsyncLocalStorage })
})

const folder = mkdtempSync(join(tmpdir(), 'next-handler-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A build's folder, with its id. */
function build(id: string): string {
  const home = join(folder, id)
  mkdirSync(join(home, 'server'), { recursive: true })
  writeFileSync(join(home, 'BUILD_ID'), id)
  return join(home, 'server')
}

/** A store of texts that others use, with what fails on demand. */
function textStore(): AsyncStore<'text'> & { down: boolean; hangs: boolean } {
  const kept = new Map<string, string>()
  const store = {
    lifetime: 'shared' as const,
    holds: 'text' as const,
    down: false,
    hangs: false,
    async get(key: string) {
      await answer()
      return kept.get(key)
    },
    async set(key: string, entry: string) {
      await answer()
      kept.set(key, entry)
    },
    async delete(key: string) {
      return kept.delete(key)
    },
  }
  const answer = () => {
    if (store.hangs) return new Promise<void>(() => {})
    if (store.down) throw new Error('down')
    return undefined
  }
  return store
}

const handlerOf = (store = textStore(), id = 'one') => {
  const Handler = cacheHandler({ store, namespace: 'test', storeTimeout: 50 })
  return new Handler({ serverDistDir: build(id) })
}

const fetched = (body: unknown, revalidate = 60) => ({
  kind: 'FETCH',
  data: { headers: {}, body: JSON.stringify(body), status: 200, url: '' },
  revalidate,
})
const asData = (tags: readonly string[] = []) => ({ kind: 'FETCH', tags, softTags: [], revalidate: 60 })
const page = {
  kind: 'APP_PAGE',
  html: '<p>',
  rscData: Buffer.from([1, 255]),
  headers: { 'x-next-cache-tags': 'a,b' },
  status: 200,
  segmentData: new Map([['/', Buffer.from('x')]]),
}

test('data and pages come back as they were, with Buffers and Maps', async () => {
  const handler = handlerOf()
  await handler.set('k', fetched({ a: 1 }), { fetchCache: true, tags: ['a'] })
  expect(await handler.get('k', asData(['a']))).toMatchObject({ value: fetched({ a: 1 }) })
  await handler.set('/p', page, { cacheControl: { revalidate: 60, expire: 3600 } })
  expect(await handler.get('/p', { kind: 'APP_PAGE' })).toMatchObject({ value: page, cacheControl: { revalidate: 60 } })
  expect(await handler.get('/q', { kind: 'APP_PAGE' })).toBeNull()
})

test('data outlives a build, and pages belong to one', async () => {
  const store = textStore()
  const [one, two] = [handlerOf(store, 'one'), handlerOf(store, 'two')]
  await one.set('k', fetched(1), { fetchCache: true })
  await one.set('/p', page, {})
  expect(await two.get('k', asData())).toMatchObject({ value: fetched(1) })
  expect(await two.get('/p', { kind: 'APP_PAGE' })).toBeNull()
})

describe('tags, in every instance that has the store', () => {
  test('a tag that was revalidated ends data and pages', async () => {
    const store = textStore()
    const [one, two] = [handlerOf(store), handlerOf(store)]
    await one.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
    await one.set('other', fetched(1), { fetchCache: true, tags: ['c'] })
    await one.set('/p', page, {})
    await two.revalidateTag('a')
    expect(await one.get('k', asData(['a']))).toBeNull()
    expect(await one.get('/p', { kind: 'APP_PAGE' })).toBeNull()
    expect(await one.get('other', asData(['c']))).not.toBeNull()
  })

  test('with a profile it is stale: it answers, and Next refreshes it', async () => {
    const handler = handlerOf()
    await handler.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
    await handler.revalidateTag(['a'], { expire: 3600 })
    const found = await handler.get('k', asData(['a']))
    expect((Date.now() - found!.lastModified) / 1000).toBeGreaterThan(60)
  })

  test('R18 what was begun before does not answer, though it is written later', async () => {
    const handler = handlerOf()
    const begun = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 2))
    await handler.revalidateTag('a')
    await new Promise((resolve) => setTimeout(resolve, 2))
    await handler.set('k', fetched([1, createHash('sha256').update('k').digest('hex'), begun, null, [], 0, 1]), {
      fetchCache: true,
      tags: ['a'],
    })
    expect(await handler.get('k', asData(['a']))).toBeNull()
    await handler.set('k', fetched([1, 'k', Date.now(), null, [], 0, 1]), { fetchCache: true, tags: ['a'] })
    expect(await handler.get('k', asData(['a']))).not.toBeNull()
  })
})

describe('a tag that was ended stays so', () => {
  const soft = { expire: 3600 }

  test.each([
    ['at once', undefined],
    ['by a profile that ends at once', { expire: 0 }],
  ])('%s, whatever a profile says later', async (_, ended) => {
    const handler = handlerOf()
    await handler.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
    await handler.revalidateTag('a', ended)
    await handler.revalidateTag('a', soft)
    expect(await handler.get('k', asData(['a']))).toBeNull()
  })

  test('R20 what one instance still owes takes back nothing of what another has said since', async () => {
    const store = textStore()
    // The one instance has lost the store, the other has not.
    const cut = {
      ...store,
      get: (key: string) => line(() => store.get(key)),
      set: (...args: Parameters<typeof store.set>) => line(() => store.set(...args)),
    }
    let isCut = false
    const line = async <T>(run: () => Promise<T>): Promise<T> => {
      if (isCut) throw new Error('down')
      return run()
    }
    const [one, two] = [handlerOf(cut as typeof store), handlerOf(store)]
    isCut = true
    await one.revalidateTag('a')
    await new Promise((resolve) => setTimeout(resolve, 2))
    await two.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
    await new Promise((resolve) => setTimeout(resolve, 2))
    await two.revalidateTag('a')
    await one.revalidateTag('other')
    isCut = false
    await vi.waitFor(
      async () => {
        await two.set('o', { ...fetched([1, 'o', 1, null, [], 0, 1]) }, { fetchCache: true, tags: ['other'] })
        expect(await two.get('o', asData(['other']))).toBeNull()
      },
      { timeout: 10_000, interval: 100 },
    )
    expect(await one.get('k', asData(['a']))).toBeNull()
    expect(await two.get('k', asData(['a']))).toBeNull()
  }, 15_000)

  test('a page whose tags cannot be read does not answer', async () => {
    const store = textStore()
    const handler = handlerOf(store)
    await handler.set('/p', page, {})
    await handler.revalidateTag('a')
    const { get } = store
    let reads = 0
    store.get = async (key: string) => {
      reads += 1
      if (reads > 1) throw new Error('down')
      return get(key)
    }
    expect(await handler.get('/p', { kind: 'APP_PAGE' })).toBeNull()
    expect(reads).toBeGreaterThan(1)
  })
})

describe('a store that', () => {
  test.each(['down', 'hangs'] as const)(
    '%s never fails a page, and what was revalidated meanwhile is made up for',
    async (fault) => {
      const store = textStore()
      const handler = handlerOf(store)
      await handler.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
      store[fault] = true
      expect(await handler.get('k', asData(['a']))).toBeNull()
      await handler.set('k2', fetched(1), { fetchCache: true })
      await handler.revalidateTag('a')
      store[fault] = false
      expect(await handler.get('k', asData(['a']))).toBeNull()
      // Others learn of it once the store takes it.
      const other = handlerOf(store)
      await vi.waitFor(async () => expect(await other.get('k', asData(['a']))).toBeNull(), {
        timeout: 10_000,
        interval: 100,
      })
    },
    20_000,
  )
})

test('it works over a store of references as well', async () => {
  const Handler = cacheHandler({ store: memoryStore(), namespace: 'test' })
  const handler = new Handler({ serverDistDir: build('memory') })
  await handler.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
  expect(await handler.get('k', asData(['a']))).toMatchObject({ value: fetched(1) })
  await handler.revalidateTag('a')
  expect(await handler.get('k', asData(['a']))).toBeNull()
})

test('a store works outside of the render: what it asks the time for is no reading of that', async () => {
  const { workUnitAsyncStorage: units } = await import(
    'next/dist/server/app-render/work-unit-async-storage.external.js'
  )
  const seen: unknown[] = []
  const inner = textStore()
  const look = <T>(run: () => T): T => {
    seen.push(units.getStore())
    return run()
  }
  const handler = handlerOf({
    ...inner,
    get: (key: string) => look(() => inner.get(key)),
    set: (key: string, entry: string) => look(() => inner.set(key, entry)),
  } as typeof inner)
  await units.run({ type: 'prerender' } as never, async () => {
    expect(units.getStore()).toBeDefined()
    await handler.set('k', fetched(1), { fetchCache: true, tags: ['a'] })
    expect(await handler.get('k', asData(['a']))).not.toBeNull()
    await handler.revalidateTag('a')
  })
  expect(seen.length).toBeGreaterThan(3)
  expect(seen.every((unit) => unit === undefined)).toBe(true)
})

test('something that is no store is refused where it is written', () => {
  expect(() => cacheHandler({ store: {} as never })).toThrow('Option `store` must be a store')
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeWithOwnRedis, RedisServer } from 'servers'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { redisStore } from '../src/index.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('the README', () => {
  it('shows the program of example.ts', () => {
    const published = read('test/example.ts').replace("'../src/index.ts'", "'@autocache/redis'")
    const sorted = (text: string) => text.split('\n').sort().join('\n')
    const [, fence = ''] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    // The imports are in another order, because the name of this package sorts elsewhere.
    expect(sorted(fence)).toBe(sorted(published))
  })
})

describeWithOwnRedis()('what is written', () => {
  let server: RedisServer
  const url = process.env.REDIS_URL
  beforeAll(async () => {
    server = await RedisServer.start()
    process.env.REDIS_URL = server.url
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(async () => {
    if (url === undefined) delete process.env.REDIS_URL
    else process.env.REDIS_URL = url
    await server?.end()
  })

  it('in the README does what it says', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./example.ts')
    expect(said.mock.calls).toEqual([[true, true], [true]])
  })

  it('in the @example of redisStore gives what it says', async () => {
    const source = read('src/redis-store.ts').replaceAll(/^ \* ?/gm, '')
    const [, body = ''] = /@example\n```ts\n([\s\S]*?)```/.exec(source) ?? []
    const asserting = body
      .replaceAll(/^import .*$/gm, '')
      .replaceAll(/^(.*) \/\/ ('[^']*').*$/gm, 'expect($1).toBe($2)')
    expect(asserting.match(/toBe/g)).toHaveLength(1)
    const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => (...given: unknown[]) => unknown
    const { createClient } = await import('redis')
    await new AsyncFunction('redisStore', 'createClient', 'expect', asserting)(redisStore, createClient, expect)
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCache } from 'cache-manager'
import { describeWith, redisUrl } from 'servers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cacheManagerStore } from '../src/index.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
afterEach(() => vi.restoreAllMocks())

const describeRedis = await describeWith(redisUrl)
describe('the README', () => {
  // The imports are in another order, because the name of this package sorts elsewhere.
  const sorted = (text: string) => text.split('\n').sort().join('\n')
  const published = (file: string) => sorted(read(file).replace("'../../src/index.ts'", "'@autocache/cache-manager'"))

  it('shows the programs of examples/, and no others', () => {
    const fences = [...read('README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, fence = '']) => sorted(fence))
    expect(fences).toEqual([published('test/examples/start.ts'), published('test/examples/wrap.ts')])
  })

  it('shows a way from wrap that gives the same', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./examples/wrap.ts')
    expect(said.mock.calls).toEqual([[{ id: '42', locale: 'en' }], [{ id: '42', locale: 'en' }]])
  })

  it('has a row for every option', () => {
    const options = /interface CacheManagerStoreOptions \{([\s\S]*?)\n\}/.exec(read('src/cache-manager-store.ts'))?.[1]
    const names = [...(options ?? '').matchAll(/readonly (\w+)\?/g)].map(([, name]) => name)
    expect(names).toHaveLength(2)
    for (const name of names) expect(read('README.md')).toMatch(new RegExp(`^\\| \`${name}\``, 'm'))
  })
})

describeRedis('the program that the README begins with', () => {
  it('does what it says', async () => {
    vi.stubEnv('REDIS_URL', redisUrl)
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./examples/start.ts')
    expect(said.mock.calls).toEqual([[true, true]])
    vi.unstubAllEnvs()
  })
})

describe('the @example of cacheManagerStore', () => {
  it('gives what it says', async () => {
    const source = read('src/cache-manager-store.ts').replaceAll(/^ \* ?/gm, '')
    const [, body = ''] = /@example\n```ts\n([\s\S]*?)```/.exec(source) ?? []
    const asserting = body
      .replaceAll(/^import .*$/gm, '')
      .replaceAll(/^(.*) \/\/ ('[^']*').*$/gm, 'expect($1).toBe($2)')
    expect(asserting.match(/toBe/g)).toHaveLength(2)
    const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => (...given: unknown[]) => unknown
    await new AsyncFunction('cacheManagerStore', 'createCache', 'expect', asserting)(
      cacheManagerStore,
      createCache,
      expect,
    )
  })
})

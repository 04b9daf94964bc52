import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as adapter from '../src/index.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
afterEach(() => vi.restoreAllMocks())

describe('the README', () => {
  // The imports are in another order, because the name of this package sorts elsewhere.
  const sorted = (text: string) => text.split('\n').sort().join('\n')
  const published = (file: string) => sorted(read(file).replace("'../../src/index.ts'", "'@autocache/lru-cache'"))

  it('shows the programs of examples/, and no others', () => {
    const fences = [...read('README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, fence = '']) => sorted(fence))
    expect(fences).toEqual([published('test/examples/start.ts'), published('test/examples/fetch.ts')])
  })

  it('shows programs that do what they say', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./examples/start.ts')
    expect(said.mock.calls).toEqual([[12, 12, 1]])
    said.mockClear()
    await import('./examples/fetch.ts')
    const answers = [{ id: '42', name: 'user 42' }, 'a-title']
    expect(said.mock.calls).toEqual([answers, answers])
  })
})

/** The bodies of the `@example` fences of the sources. */
const examples = readdirSync(join(root, 'src')).flatMap((file) => {
  const source = read(`src/${file}`).replaceAll(/^ \* ?/gm, '')
  return [...source.matchAll(/@example\n```ts\n([\s\S]*?)```/g)].map(([, body = '']) => [file, body] as const)
})

describe('every @example gives what it says', () => {
  it('of which there are two', () => expect(examples).toHaveLength(2))

  it.each(examples)('%s', (_file, body) => {
    const asserting = body
      .replaceAll(/^import .*$/gm, '')
      .replaceAll('new LRUCache<string, Entry>', 'new LRUCache')
      .replaceAll('(n: number)', '(n)')
      .replaceAll(/^(.*) \/\/ (\d+)$/gm, 'expect($1).toBe($2)')
    expect(asserting).toContain('toBe')
    const given: Record<string, unknown> = { ...core, ...adapter, LRUCache, expect }
    const names = Object.keys(given).filter((name) => new RegExp(`\\b${name}\\b`).test(asserting))
    new Function(...names, asserting)(...names.map((name) => given[name]))
  })
})

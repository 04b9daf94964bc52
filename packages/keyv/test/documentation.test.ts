import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keyvStore } from '../src/index.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('the README', () => {
  const home = process.cwd()
  afterEach(() => {
    process.chdir(home)
    vi.restoreAllMocks()
  })

  it('shows the program of example.ts', () => {
    const published = read('test/example.ts').replace("'../src/index.ts'", "'@autocache/keyv'")
    const sorted = (text: string) => text.split('\n').sort().join('\n')
    const [, fence = ''] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    // The imports are in another order, because the name of this package sorts elsewhere.
    expect(sorted(fence)).toBe(sorted(published))
  })

  it('shows a program that does what it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'autocache readme '))
    process.chdir(folder)
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./example.ts')
    expect(said.mock.calls).toEqual([[true, true]])
    process.chdir(home)
    rmSync(folder, { recursive: true })
  })
})

describe('the @example of keyvStore', () => {
  it('gives what it says', async () => {
    const source = read('src/keyv-store.ts').replaceAll(/^ \* ?/gm, '')
    const [, body = ''] = /@example\n```ts\n([\s\S]*?)```/.exec(source) ?? []
    const asserting = body
      .replaceAll(/^import .*$/gm, '')
      .replaceAll(/^(.*) \/\/ ('[^']*').*$/gm, 'expect($1).toBe($2)')
    expect(asserting.match(/toBe/g)).toHaveLength(2)
    const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => (...given: unknown[]) => unknown
    const { Keyv } = await import('keyv')
    await new AsyncFunction('keyvStore', 'Keyv', 'expect', asserting)(keyvStore, Keyv, expect)
  })
})

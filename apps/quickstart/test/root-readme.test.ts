import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

describe('the README of the repository', () => {
  const home = process.cwd()
  afterEach(() => {
    process.chdir(home)
    vi.restoreAllMocks()
  })

  it('shows the program of readme-example.ts', () => {
    const [, fence] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
    expect(fence).toBe(readFileSync(join(import.meta.dirname, 'readme-example.ts'), 'utf8'))
  })

  it('shows a program that does what its comments say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'autocache readme '))
    process.chdir(folder)
    const said = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('./readme-example.ts')
    const admin = { id: '42', since: new Date(0), roles: new Set(['admin']) }
    expect(said.mock.calls).toEqual([
      [12, 12],
      ['asking the database'],
      [admin],
      [admin],
      ['asking the database'],
      [undefined, undefined],
    ])
    process.chdir(home)
    rmSync(folder, { recursive: true })
  })

  it('names files, tests and commands that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path!)
    const tests = [...readme.matchAll(/`(core\/test\/[\w.-]+)`/g)].map(([, path]) => `packages/${path}`)
    expect(links.length + tests.length).toBeGreaterThan(10)
    expect([...links, ...tests].filter((path) => !existsSync(join(root, path)))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const [, script] of readme.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(script!)
  })
})

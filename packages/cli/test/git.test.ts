import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseRange } from '../src/diff.ts'
import { Repository } from '../src/git.ts'
import { run } from './support/io.ts'
import { TestRepository } from './support/repository.ts'
import { toyCompiler } from './support/toy-compiler.ts'

let repository: TestRepository
beforeEach(() => {
  repository = new TestRepository()
})
afterEach(() => {
  vi.unstubAllEnvs()
  repository.close()
})

const autocache = (argv: readonly string[], cwd = repository.folder, env: Record<string, string> = {}) =>
  run(argv, { cwd, env, compiler: toyCompiler })
const diff = (...argv: string[]) => autocache(['diff', '--json', ...argv])
const labels = ({ json }: { json: any }) => ({
  cold: json.cold.map((one: any) => [one.change, one.label]),
  warm: json.warm.map((one: any) => one.label),
  untouched: json.untouched,
})

const quote = "import './rate'\nexport const quote = cached(() => rate())\n"
const rate = 'export const rate = () => 1\n'

describe('diff', () => {
  beforeEach(() => {
    repository.write({ 'src/quote.ts': quote, 'src/rate.ts': rate, 'src/other.ts': 'export const other = cached()\n' })
    repository.commit()
  })

  it('compares with where the default branch was left, and with the working tree', async () => {
    repository.git('checkout', '--quiet', '-b', 'feature')
    repository.write({ 'src/rate.ts': rate.replace('1', '2') }).commit()
    repository.git('checkout', '--quiet', 'main')
    repository.write({ 'src/other.ts': 'export const other = cached(3)\n' }).commit()
    repository.git('checkout', '--quiet', 'feature')
    const result = await diff()
    expect(result.json).toMatchObject({
      base: expect.stringMatching(/^main \([0-9a-f]{7}\)$/),
      head: 'the working tree',
    })
    expect(labels(result)).toEqual({ cold: [['changed', 'quote']], warm: [], untouched: 1 })
    expect(result.json.cold[0].causes).toMatchObject([{ kind: 'edited', path: ['quote', 'rate'] }])
    repository.write({ 'src/new.ts': 'export const made = cached()\n' })
    expect(labels(await diff()).cold).toEqual([
      ['changed', 'quote'],
      ['new', 'new'],
    ])
  })

  it('compares with HEAD on the default branch itself', async () => {
    expect(labels(await diff())).toEqual({ cold: [], warm: [], untouched: 2 })
    repository.write({ 'src/rate.ts': `// better\n${rate}` })
    const result = await diff()
    expect(labels(result)).toEqual({ cold: [], warm: ['quote'], untouched: 1 })
    expect(result.json.base).toMatch(/^HEAD/)
    expect(result.json.warm[0].touched).toEqual([
      { file: 'src/rate.ts', why: [{ reason: 'comments', definition: 'rate' }] },
    ])
  })

  it('fails on cold functions where it is asked to, but not on new ones', async () => {
    repository.write({ 'src/made.ts': 'export const made = cached()\n' })
    expect((await diff('--fail-on-cold')).code).toBe(0)
    repository.write({ 'src/rate.ts': rate.replace('1', '2') })
    expect((await diff('--fail-on-cold')).code).toBe(1)
    expect((await diff()).code).toBe(0)
  })

  it('compares two revisions without what is not committed, and says so', async () => {
    const first = repository.git('rev-parse', 'HEAD')
    repository.write({ 'src/rate.ts': rate.replace('1', '2') }).commit()
    repository.write({ 'src/other.ts': 'export const other = cached(4)\n' })
    const result = await diff(`${first}..HEAD`)
    expect(labels(result).cold).toEqual([['changed', 'quote']])
    expect(result.err).toMatch(/not committed/)
    expect(labels(await diff('HEAD..HEAD~1')).cold).toEqual([['changed', 'quote']])
  })

  it('reads a revision under a root that is a folder of the repository', async () => {
    repository.remove('src').write({ 'apps/shop/src/quote.ts': quote, 'apps/shop/src/rate.ts': rate }).commit()
    repository.write({ 'apps/shop/src/rate.ts': rate.replace('1', '2') })
    const inside = await autocache(['diff', '--json'], join(repository.folder, 'apps/shop'))
    expect(labels(inside).cold).toEqual([['changed', 'quote']])
    const named = await diff('--root', 'apps/shop', 'HEAD')
    expect(labels(named).cold).toEqual([['changed', 'quote']])
    const before = await diff('--root', 'apps/shop', 'HEAD~1')
    expect(labels(before).cold).toEqual([['new', 'quote']])
    expect(before.err).toMatch(/does not exist at HEAD~1/)
  })

  it('leaves the index, the working tree and the temporary folder as they were', async () => {
    repository.write({ 'src/rate.ts': rate.replace('1', '2') })
    repository.git('add', 'src/rate.ts')
    repository.write({ 'src/rate.ts': rate.replace('1', '3') })
    const state = () =>
      repository.git('status', '--porcelain=v2') + repository.git('diff') + repository.git('diff', '--cached')
    // One of its own: other tests use the usual one meanwhile.
    const temporary = mkdtempSync(join(tmpdir(), 'autocache-temporary-'))
    vi.stubEnv('TMPDIR', temporary)
    const before = state()
    await diff()
    await diff('HEAD..HEAD')
    await autocache(['explain', 'quote', '--since', 'HEAD'])
    expect(state()).toBe(before)
    expect(readdirSync(temporary)).toEqual([])
    rmSync(temporary, { recursive: true })
  })

  it('is not confused by what a hook sets', async () => {
    const env = { GIT_DIR: '/nowhere', GIT_INDEX_FILE: '/nowhere/index', GIT_WORK_TREE: '/nowhere' }
    const { code } = await autocache(['diff', '--json'], repository.folder, env)
    expect(code).toBe(0)
  })

  it('tells what is wrong with a revision', async () => {
    for (const [range, message] of [
      ['nowhere', /There is no revision nowhere/],
      ['--upload-pack=x', /unknown option/],
      ['HEAD..nowhere', /There is no revision nowhere/],
      ['HEAD....HEAD', /no range/],
      ['..HEAD', /no range/],
      ['missing.json', /There is no manifest missing.json/],
      ['\u001b[31mred', /There is no revision \\x1b\[31mred/],
    ] as const) {
      const result = await diff(range)
      expect([range, result.code, result.out]).toEqual([range, 2, ''])
      expect(result.err).toMatch(message)
    }
  })

  it('tells where there is no repository, no commit or no git', async () => {
    const bare = new TestRepository(false)
    const empty = new TestRepository()
    try {
      bare.write({ 'src/quote.ts': quote })
      const none = await autocache(['diff'], bare.folder)
      expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/in no git repository.*autocache manifest/) })
      expect(await autocache(['diff'], empty.folder)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/no commit yet/),
      })
      const lost = await autocache(['diff'], repository.folder, { PATH: bare.folder })
      expect(lost).toMatchObject({ code: 2, err: expect.stringMatching(/git was not found/) })
    } finally {
      bare.close()
      empty.close()
    }
  })

  it('asks for the history of a shallow clone', async () => {
    repository.write({ 'src/rate.ts': rate.replace('1', '2') }).commit()
    const clone = new TestRepository(false)
    try {
      clone.git('clone', '--quiet', '--depth=1', `file://${repository.folder}`, 'shallow')
      const cwd = join(clone.folder, 'shallow')
      expect(await autocache(['diff', 'HEAD~1'], cwd)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/fetch-depth: 0/),
      })
      clone.git('-C', 'shallow', 'checkout', '--quiet', '--detach')
      clone.git('-C', 'shallow', 'branch', '-D', 'main')
      clone.git('-C', 'shallow', 'remote', 'remove', 'origin')
      expect(await autocache(['diff'], cwd)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/shallow clone without its/),
      })
    } finally {
      clone.close()
    }
  })

  it('compares with manifests', async () => {
    await autocache(['manifest'])
    await autocache(['manifest', '--out', 'out/old.json'])
    repository.write({ 'src/rate.ts': rate.replace('1', '2') })
    await autocache(['manifest'])
    expect(labels(await diff('out/old.json')).cold).toEqual([['changed', 'quote']])
    expect(labels(await diff('out/old.json..autocache.manifest.json')).cold).toEqual([['changed', 'quote']])
    expect(labels(await diff('HEAD..autocache.manifest.json')).cold).toEqual([['changed', 'quote']])
    expect(labels(await diff('./out/old.json')).cold).toEqual([['changed', 'quote']])
  })
})

describe('a revision on the disk', () => {
  it('has submodules, and says which are not here', () => {
    const library = new TestRepository()
    try {
      library.write({ 'src/lib.ts': 'one' }).commit()
      repository.git('submodule', '--quiet', 'add', library.folder, 'vendor/lib')
      repository.commit()
      library.write({ 'src/lib.ts': 'two' }).commit()
      repository.git('-C', 'vendor/lib', 'pull', '--quiet', 'origin', 'main')
      repository.commit()
      const opened = Repository.open(repository.folder, {})
      const text = (name: string) => {
        const extracted = opened.extract(opened.resolve(name))
        const path = join(extracted.root!, 'vendor/lib/src/lib.ts')
        const answer = [existsSync(path) && readFileSync(path, 'utf8'), extracted.missing]
        extracted.remove()
        return answer
      }
      expect([text('HEAD~1'), text('HEAD')]).toEqual([
        ['one', []],
        ['two', []],
      ])
      repository.remove('vendor/lib')
      expect(text('HEAD')).toEqual([false, ['vendor/lib']])
    } finally {
      library.close()
    }
  })

  it('has files that archives leave out, and links as links', () => {
    repository.write({ '.gitattributes': 'src/* export-ignore\n', 'src/a.ts': 'a' })
    symlinkSync('a.ts', join(repository.folder, 'src/b.ts'))
    repository.commit()
    const opened = Repository.open(repository.folder, {})
    const extracted = opened.extract(opened.resolve('HEAD'))
    expect(readFileSync(join(extracted.root!, 'src/b.ts'), 'utf8')).toBe('a')
    extracted.remove()
    expect(existsSync(extracted.root!)).toBe(false)
  })

  it('finds installed packages, and workspace packages as they were', () => {
    repository.write({
      '.gitignore': 'node_modules\n',
      'package.json': '{}',
      'packages/a/package.json': '{"name":"@my/a"}',
      'packages/a/index.ts': 'old',
      'packages/b/package.json': '{"name":"b"}',
    })
    repository.commit()
    repository.write({
      'packages/a/index.ts': 'new',
      'node_modules/dep/index.js': 'dep',
      'node_modules/@scope/dep/index.js': 'scoped',
      'node_modules/.bin/dep': '',
      'packages/b/node_modules/own/index.js': 'own',
    })
    mkdirSync(join(repository.folder, 'node_modules/@my'))
    symlinkSync('../../packages/a', join(repository.folder, 'node_modules/@my/a'))
    symlinkSync('../../nowhere', join(repository.folder, 'node_modules/broken'))
    const opened = Repository.open(repository.folder, {})
    const extracted = opened.extract(opened.resolve('HEAD'))
    const text = (file: string) => readFileSync(join(extracted.root!, file), 'utf8')
    expect(text('node_modules/@my/a/index.ts')).toBe('old')
    expect(text('node_modules/dep/index.js')).toBe('dep')
    expect(text('node_modules/@scope/dep/index.js')).toBe('scoped')
    expect(text('packages/b/node_modules/own/index.js')).toBe('own')
    expect(existsSync(join(extracted.root!, 'node_modules/.bin'))).toBe(false)
    extracted.remove()
    expect(readFileSync(join(repository.folder, 'node_modules/dep/index.js'), 'utf8')).toBe('dep')
  })
})

it('a range is one or two names', () => {
  expect(parseRange(undefined)).toEqual({ parted: false })
  expect(parseRange('main')).toEqual({ base: 'main', parted: false })
  expect(parseRange('main..')).toEqual({ base: 'main', parted: false })
  expect(parseRange('v1.2..v1.3')).toEqual({ base: 'v1.2', head: 'v1.3', parted: false })
  expect(parseRange('main...HEAD')).toEqual({ base: 'main', head: 'HEAD', parted: true })
  expect(parseRange('../old.json')).toEqual({ base: '../old.json', parted: false })
})

it('an unlinked temporary folder is not needed for a root that is a symbolic link', async () => {
  repository.write({ 'src/quote.ts': quote, 'src/rate.ts': rate }).commit()
  const elsewhere = mkdtempSync(join(tmpdir(), 'autocache link '))
  try {
    symlinkSync(repository.folder, join(elsewhere, 'link'))
    repository.write({ 'src/rate.ts': rate.replace('1', '2') })
    const result = await autocache(['diff', '--json', '--root', join(elsewhere, 'link')])
    expect(labels(result).cold).toEqual([['changed', 'quote']])
  } finally {
    rmSync(elsewhere, { recursive: true })
  }
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describeWith, redisUrl } from 'servers'
import { afterAll, expect, test } from 'vitest'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

const root = copyProject('vitest')
afterAll(() => removeProject(root))

const run = (config: string, more: Readonly<Record<string, string>> = {}) => {
  const { VITEST: _, ...env } = process.env
  return spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, SHOP_FEE: '5', NO_COLOR: '1', ...more },
  })
}

test('under Vitest versions have the scheme t1, by the entry for it and by that of Vite', () => {
  const own = run('vitest.config.js')
  expect(own.stdout + own.stderr).toContain('1 passed')
  const files = new Files(root)
  files.write('vite-only.config.js', files.read('vitest.config.js').replace('unplugin/vitest', 'unplugin/vite'))
  const other = run('vite-only.config.js')
  expect(other.stdout + other.stderr).toContain('1 passed')
}, 180_000)

test('modules that Vitest keeps on the disk are stamped again when a helper changes, whatever else it keeps', () => {
  const files = new Files(root)
  files.write(
    'kept.config.js',
    files.read('vitest.config.js').replace('test: {', 'test: { experimental: { fsModuleCache: true },'),
  )
  files.replace('test/gross.test.ts', 'expect(gross.version)', 'console.log(gross.version)\n  expect(gross.version)')
  const version = () => /t1-[a-z2-7]{26}/.exec(run('kept.config.js').stdout)?.[0]
  const first = version()
  expect(first).toBeDefined()
  expect(version()).toBe(first)
  files.replace('src/round.ts', 'Math.round', 'Math.floor')
  expect(version()).not.toBe(first)
}, 180_000)

;(await describeWith(redisUrl))('over one Redis and one namespace', () => {
  test('R24 what a run computed under its mocks answers no other run', () => {
    const files = new Files(root)
    const env = { REDIS_URL: redisUrl, SHOP_NAMESPACE: `vitest-${process.pid}-${Date.now().toString(36)}` }
    const mock = "vi.mock('../src/round.ts', () => ({ round: () => 1234 }))\n"
    const source =
      "import { expect, test, vi } from 'vitest'\nimport { close } from '../src/cache.ts'\nimport { gross } from '../src/gross.ts'\n"
    const body =
      "test('gross', async () => { console.log('said', await gross(10), await gross(10)); await new Promise((done) => setTimeout(done, 200)); await close() })\n"
    files.write('r24.config.js', files.read('vitest.config.js').replace('test/*.test.ts', 'test/r24.ts'))
    const said = (text: string) => {
      files.write('test/r24.ts', text)
      return /said (.*)/.exec(run('r24.config.js', env).stdout)?.[1]
    }
    const mocked = said(source + mock + body)
    const real = said(source + body)
    expect(mocked).toBe('1234 1234')
    expect(real).toBeDefined()
    expect(real).not.toContain('1234')
    expect(said(source + mock + body)).toBe(mocked)
  }, 180_000)
})

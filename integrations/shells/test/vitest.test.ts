import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

const root = copyProject('vitest')
afterAll(() => removeProject(root))

const run = (config: string) => {
  const { VITEST: _, ...env } = process.env
  return spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, SHOP_FEE: '5', NO_COLOR: '1' },
  })
}

test('under Vitest versions have the scheme t1, by the entry for it and by that of Vite', () => {
  const own = run('vitest.config.js')
  expect(own.stdout + own.stderr).toContain('1 passed')
  const files = new Files(root)
  files.write('vite-only.config.js', files.read('vitest.config.js').replace('unplugin/vitest', 'unplugin/vite'))
  const other = run('vite-only.config.js')
  expect(other.stdout + other.stderr).toContain('1 passed')
}, 60_000)

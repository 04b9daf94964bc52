import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

const root = copyProject('node')
const files = new Files(root)
const register = ['--import', '@autocache/unplugin/register']

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { VITEST: _, ...rest } = process.env
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...rest, SHOP_FEE: '5', ...env } })
}

beforeAll(() => {
  files.write(
    'js/price.cjs',
    [
      "const { createAutocache } = require('@autocache/core')",
      "const { rate } = require('./rate.cjs')",
      "const cache = createAutocache({ namespace: 'js' })",
      'exports.price = cache.cached((net) => net * rate)',
    ].join('\n'),
  )
  // A program of its own, whose root is the folder of its package.json.
  files.write('js/package.json', '{ "name": "js", "private": true }')
  files.write('js/rate.cjs', 'exports.rate = 1.2\n')
  files.write(
    'js/main.cjs',
    "const { price } = require('./price.cjs')\nprice(1)\nconsole.log(price.label, price.version)\n",
  )
  files.write(
    'js/main.mjs',
    "import { price } from './price.cjs'\nimport { half } from './half.mjs'\nconsole.log(price.version, half.version)\n",
  )
  files.write('js/half.mjs', "import { cached } from '@autocache/core'\nexport const half = cached((n) => n / 2)\n")
  for (const extension of ['mjs', 'ts'])
    files.write(
      `js/throws.${extension}`,
      "import { cached } from '@autocache/core'\nconst throws = cached(() => { throw new Error('on purpose') })\ntry { throws() } catch (error) { console.log(error.stack) }\n",
    )
})
afterAll(() => removeProject(root))

test('with tsx every function has the label, version and key of a build', async () => {
  const child = start('drive.mjs', ['esbuild'], root)
  await child.next('build')
  await child.stop()
  const built = await runProgram(root, ['out/esbuild/main.js'])
  expect(Object.keys(built)).toHaveLength(10)
  expect(await runProgram(root, [...register, '--import', 'tsx', 'src/main.ts'])).toEqual(built)
}, 180_000)

test('CommonJS is stamped, required or imported, and what its modules reach is in its versions', () => {
  const required = run([...register, 'js/main.cjs'])
  expect(required.stdout).toMatch(/^price s1-[a-z2-7]{26}\n$/)
  const imported = run([...register, 'js/main.mjs'])
  expect(imported.stdout).toMatch(/^s1-[a-z2-7]{26} s1-[a-z2-7]{26}\n$/)
  expect(imported.stdout.split(' ')[0]).toBe(required.stdout.trim().split(' ')[1])

  files.replace('js/rate.cjs', '1.2', '1.3')
  expect(run([...register, 'js/main.cjs']).stdout).not.toBe(required.stdout)
}, 180_000)

test.each([
  ['a module', [], 'mjs'],
  ['a module that tsx compiles', ['--import', 'tsx'], 'ts'],
])(
  'source maps lead to the place in the source: %s',
  (_name, more, extension) => {
    const { stdout } = run(['--enable-source-maps', ...register, ...more, `js/throws.${extension}`])
    expect(decodeURI(stdout)).toContain(`${join(root, 'js', `throws.${extension}`)}:2:37`)
  },
  180_000,
)

test('under a test runner versions have the scheme t1', () => {
  files.write(
    'js/half.test.mjs',
    "import { test } from 'node:test'\nimport { half } from './half.mjs'\ntest('half', () => console.log(half.version))\n",
  )
  expect(run([...register, '--test', 'js/half.test.mjs']).stdout).toMatch(/\bt1-[a-z2-7]{26}\b/)
}, 180_000)

test('a loader that compiles first is an error that says how to order them', () => {
  const { status, stderr } = run(['--import', 'tsx', ...register, 'src/main.ts'])
  expect(status).toBe(1)
  expect(stderr).toContain('Import @autocache/unplugin/register before the loader that compiles')
}, 180_000)

test('an option of the environment that cannot be meant is refused', () => {
  const { status, stderr } = run([...register, 'js/main.mjs'], { AUTOCACHE_FAIL_ON: 'sometimes' })
  expect(status).toBe(1)
  expect(stderr).toContain('AUTOCACHE_FAIL_ON must be one of error, warning, never, and is sometimes.')
}, 180_000)

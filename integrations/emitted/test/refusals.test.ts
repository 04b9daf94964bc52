/** What `autocache stamp` does where it cannot do what is meant: it says so, and leaves nothing behind that could be wrong. */
import { rmSync, utimesSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { autocache, type Build, build, node, run } from './support/commands.ts'
import { Project } from './support/project.ts'

const how: Build = { compiler: 'tsc', format: 'esm', decorators: 'legacy', maps: 'file' }
let project: Project
let folder: string
beforeEach(async () => {
  project = new Project('project')
  folder = await build(project, how)
}, 60_000)
afterEach(() => project.remove())

const stamp = (...args: readonly string[]) => autocache(project, 'stamp', ...args)
/** An edit in the future, so that it is one for the clock of any file system. */
const touch = (file: string) => utimesSync(project.path(file), Date.now() / 1000 + 60, Date.now() / 1000 + 60)

test('a source that was edited after the build refuses the whole folder until it is built again', async () => {
  project.replace('src/round.ts', '100', '1000')
  touch('src/round.ts')
  const { code, err } = await stamp(folder)
  expect(code).toBe(2)
  expect(err).toContain(`${folder}/round.js: the source was edited since. Build again; nothing was written.`)
  expect(project.read(`${folder}/price.js`)).not.toContain('autocacheStamps')
}, 60_000)

test('JSON that was edited after the build refuses the folder', async () => {
  project.replace('src/rates.json', '0.2,', '0.3,')
  const { code, err } = await stamp(folder)
  expect({ code, err }).toMatchObject({
    code: 2,
    err: expect.stringContaining('rates.json: the source was edited since'),
  })
}, 60_000)

test('a build of one file only is stamped anew where its callers are', async () => {
  await stamp(folder)
  const before = await run(project, [`${folder}/main.js`])
  project.replace('src/round.ts', 'value * 100', 'value * 1000')
  // What a watching compiler writes: the one file that was edited.
  const only = [
    'node_modules/typescript/bin/tsc',
    'src/round.ts',
    '--outDir',
    folder,
    '--sourceMap',
    '--rootDir',
    'src',
  ]
  const compiled = await node(project, [
    ...only,
    '--target',
    'es2022',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
  ])
  expect(compiled.code, compiled.out).toBe(0)
  expect((await stamp('--check', folder)).code).toBe(1)
  expect((await stamp(folder)).code).toBe(0)
  const after = await run(project, [`${folder}/main.js`])
  expect(Object.keys(after).filter((name) => after[name]!.version !== before[name]!.version)).toEqual([
    'gross',
    'inFrancs',
    'inPounds',
  ])
}, 60_000)

test('a folder without source maps is refused, and says what to set', async () => {
  for (const name of ['cache', 'main', 'orders', 'price', 'region', 'repository', 'round'])
    rmSync(project.path(`${folder}/${name}.js.map`))
  const { code, err } = await stamp(folder)
  expect(code).toBe(2)
  expect(err).toContain('there is no source map')
  expect(err).toContain('Set `sourceMap` (tsc) or `sourceMaps` (swc), and build again.')
}, 60_000)

test('a folder of another program is refused by name', async () => {
  project.write('other/package.json', '{ "name": "other" }\n')
  const { code, err } = await autocache(project, '--root', 'other', 'stamp', folder)
  expect(code).toBe(2)
  expect(err).toContain('src/main.ts')
  expect(err).toContain('Give --root the folder of that program.')
}, 60_000)

test('a file whose source is gone loses its stamps and is told', async () => {
  await stamp(folder)
  rmSync(project.path('src/orders.ts'))
  project.replace('src/main.ts', "import { Orders } from './orders.js'", 'declare const Orders: any')
  await build(project, how)
  const { code, out } = await stamp(folder)
  expect(code).toBe(1)
  expect(out).toContain(`${folder}/orders.js was made from src/orders.ts, which does not exist any more.`)
  expect(project.read(`${folder}/orders.js`)).not.toContain('autocacheStamps')
}, 60_000)

test('a stamped file that something else changed is told, and not stamped again', async () => {
  await stamp(folder)
  project.replace(`${folder}/price.js`, '1.2', '1.3')
  const { code, out } = await stamp(folder)
  expect(code).toBe(1)
  expect(out).toContain(`${folder}/price.js was changed after it was stamped. Build again.`)
}, 60_000)

test('a capture that the compiler gave another name is an error with its place, and the file has no stamps', async () => {
  // As a compiler does that renames variables: the map still leads to the source.
  const code = project.read(`${folder}/price.js`)
  project.write(`${folder}/price.js`, code.replaceAll('currency', 'cur_____'))
  const ended = await stamp(folder)
  expect(ended.code).toBe(1)
  expect(ended.out).toMatch(/src\/price\.ts:\d+:\d+ +error +The emitted file has no certain place/)
  expect(project.read(`${folder}/price.js`)).not.toContain('autocacheStamps')
}, 60_000)

test.each([
  ['a folder that is not there', ['nowhere'], 'There is no folder'],
  ['a folder without JavaScript', ['src'], 'There is no JavaScript in src.'],
])(
  '%s is refused',
  async (_name, args, said) => {
    expect(await stamp(...args)).toMatchObject({ code: 2, err: expect.stringContaining(said) })
  },
  60_000,
)

import { analyze, manifestFile, readManifest } from '@autocache/compiler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram, type Said, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

/** How a user writes the alias of a folder for each host. */
const hosts = {
  esbuild: (files: Files) =>
    files.replace('esbuild.config.js', 'bundle: true,', "bundle: true, alias: { '~lib': './src' },"),
  rolldown: (files: Files) =>
    files.replace('rolldown.config.js', "platform: 'node',", `platform: 'node', resolve: { alias: ${folder} },`),
  vite: (files: Files) =>
    files.replace(
      'vite.config.js',
      'plugins: [autocache()],',
      `plugins: [autocache()], resolve: { alias: ${folder} },`,
    ),
  webpack: (files: Files) =>
    files.replace('webpack.config.js', "target: 'node20',", `target: 'node20', resolve: { alias: ${folder} },`),
  rspack: (files: Files) =>
    files.replace('rspack.config.js', "target: 'node20',", `target: 'node20', resolve: { alias: ${folder} },`),
  // A plugin resolves it, as @rollup/plugin-alias does: no other plugin sees how, so the same is said to this one.
  rollup(files: Files) {
    files.replace(
      'rollup.config.js',
      'plugins: [autocache(),',
      `plugins: [autocache({ resolve: aliased }), { name: 'alias', resolveId: aliased },`,
    )
    files.write(
      'rollup.config.js',
      `const aliased = (id) => (id.startsWith('~lib/') ? import.meta.dirname + '/src/' + id.slice(5) : undefined)\n${files.read('rollup.config.js')}`,
    )
  },
  // tsx goes by the paths of TypeScript.
  node: (files: Files) =>
    files.replace('tsconfig.json', '"noEmit": true,', '"noEmit": true, "paths": { "~lib/*": ["./src/*"] },'),
} as const
const folder = "{ '~lib': import.meta.dirname + '/src' }"

const plain = copyProject('aliases')
let expected: Record<string, string>
beforeAll(() => {
  const { functions } = analyze({ root: plain, cache: false })
  expected = Object.fromEntries(functions.map(({ label, version }) => [label, version]))
})
afterAll(() => removeProject(plain))

describe.each(Object.keys(hosts) as (keyof typeof hosts)[])('%s', (host) => {
  let root: string
  let said: Said[]

  beforeAll(async () => {
    root = copyProject(`alias ${host}`)
    const files = new Files(root)
    hosts[host](files)
    if (host !== 'node') {
      const config = files.read(`${host}.config.js`)
      const options = config.includes('autocache({')
        ? ['autocache({', 'autocache({ manifest: true,']
        : ['autocache()', 'autocache({ manifest: true })']
      files.replace(`${host}.config.js`, options[0]!, options[1]!)
    }
    for (const file of ['src/gross.ts', 'src/money.ts'])
      files.write(file, files.read(file).replace(/from '\.\/(\w+\.ts)'/g, "from '~lib/$1'"))
    expect(files.read('src/gross.ts')).toContain("'~lib/round.ts'")
    const child = host === 'node' ? undefined : start('drive.mjs', [host], root)
    if (child) expect(await child.next('build')).toMatchObject({ ok: true })
    await child?.stop()
    const loaded = ['--import', '@autocache/unplugin/register', '--import', 'tsx', 'src/main.ts']
    said = Object.values(await runProgram(root, host === 'node' ? loaded : [`out/${host}/main.js`]))
  }, 180_000)
  afterAll(() => removeProject(root))

  test('what an alias leads to has the version that it has by its path', () => {
    expect(said).toHaveLength(10)
    for (const { label, version } of said) expect([label, version.split('+')[0]]).toEqual([label, expected[label]])
  })

  // The loader of Node has options that the environment can hold, and builds nothing.
  if (host === 'node') return
  test('the option `manifest` writes the versions that run', () => {
    const { functions } = readManifest(new Files(root).read(manifestFile))
    const written = Object.fromEntries(functions.map(({ label, version }) => [label, version]))
    expect(written).toEqual(expected)
  })
})

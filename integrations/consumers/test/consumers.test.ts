import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packAll } from '../../../scripts/pack.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../../..')
/** Outside the workspace, so that nothing is found but what a user would have installed. */
const project = join(mkdtempSync(join(tmpdir(), 'autocache-consumers-')), 'with space')

const compilers = {
  oldest: join(here, '../node_modules/typescript-oldest/bin/tsc'),
  ours: join(root, 'node_modules/typescript/bin/tsc'),
  newest: join(here, '../node_modules/typescript-newest/bin/tsc'),
}
const resolutions = {
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' },
  bundler: { module: 'ESNext', moduleResolution: 'Bundler' },
}

beforeAll(() => {
  mkdirSync(project, { recursive: true })
  cpSync(join(here, 'program'), project, { recursive: true })
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  for (const { name, folder, tarball } of packAll(dirname(project))) {
    const target = join(project, 'node_modules', name)
    mkdirSync(target, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', target])
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'))
    for (const dependency of Object.keys({ ...dependencies, ...peerDependencies, '@types/node': '' })) {
      const link = join(project, 'node_modules', dependency)
      if (dependency.startsWith('@autocache/') || existsSync(link)) continue
      mkdirSync(dirname(link), { recursive: true })
      const source = [folder, root].map((at) => join(at, 'node_modules', dependency)).find(existsSync)
      symlinkSync(realpathSync(source ?? dependency), link)
    }
  }
}, 120_000)

afterAll(() => rmSync(dirname(project), { recursive: true, force: true }))

function compile(compiler: keyof typeof compilers, options: object, file = 'main.ts'): string {
  const config = join(project, `tsconfig.${compiler}.json`)
  const common = {
    target: 'ES2022',
    lib: ['ES2023', 'DOM'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
  }
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...common, ...options }, files: [file] }))
  const { stdout, stderr } = spawnSync(process.execPath, [compilers[compiler], '-p', config], { encoding: 'utf8' })
  return stdout + stderr
}

describe.each(Object.keys(compilers) as (keyof typeof compilers)[])('TypeScript, %s', (compiler) => {
  test.each(Object.entries(resolutions))(
    'compiles a program under %s resolution',
    (_name, resolution) => {
      expect(compile(compiler, { ...resolution, noEmit: true, skipLibCheck: true })).toBe('')
    },
    60_000,
  )

  test('emits declarations that name everything they use', () => {
    const options = {
      ...resolutions.nodenext,
      declaration: true,
      outDir: `declarations-${compiler}`,
      skipLibCheck: true,
    }
    expect(compile(compiler, options)).toBe('')
    expect(readFileSync(join(project, `declarations-${compiler}/main.d.ts`), 'utf8')).not.toContain('any')
  }, 60_000)
})

test('our own declarations hold without skipLibCheck', () => {
  const output = compile('ours', { ...resolutions.nodenext, noEmit: true })
  expect(output.split('\n').filter((line) => line.includes('@autocache'))).toEqual([])
}, 60_000)

test('the compiled program runs', () => {
  expect(compile('ours', { ...resolutions.nodenext, outDir: 'out', skipLibCheck: true })).toBe('')
  expect(execFileSync(process.execPath, [join(project, 'out/main.js')], { encoding: 'utf8' })).toBe('ok\n')
}, 60_000)

test('a browser bundle of core needs nothing of Node', async () => {
  const contents = "export * from '@autocache/core'; export * from '@autocache/core/codec'"
  const result = await build({
    stdin: { contents, resolveDir: project },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
  })
  const inputs = Object.keys(result.metafile.inputs)
  expect(inputs.filter((file) => file.includes('platform/node'))).toEqual([])
  expect(inputs.some((file) => file.includes('platform/portable'))).toBe(true)
})

test('Node takes the native platform', () => {
  const require = createRequire(join(project, 'node_modules/@autocache/core/dist/index.js'))
  expect(require.resolve('#platform')).toContain('platform/node.js')
})

describe('the command `autocache`, as it is packed', () => {
  const autocache = (...args: string[]) => {
    const bin = join(project, 'node_modules/@autocache/cli/dist/bin.js')
    return spawnSync(process.execPath, [bin, ...args], { cwd: project, encoding: 'utf8' })
  }

  test('tells the versions of the functions of a project', () => {
    writeFileSync(join(project, 'price.ts'), 'export const gross = (net: number) => net * 1.2\n')
    const { status, stdout, stderr } = autocache('version', 'price.ts#gross', '--json')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      { file: 'price.ts', export: 'gross', version: expect.stringMatching(/^s1-[a-z2-7]{26}$/) },
    ])
    expect(status).toBe(0)
  })

  test('finds the cached functions of a program', () => {
    const { status, stdout } = autocache('list', '--json')
    expect(status).toBe(0)
    expect(stdout).toContain('main.ts')
  })
})

describe('the shells, as they are packed', () => {
  test.each(Object.entries(resolutions))(
    'their types are those of the hosts under %s resolution',
    (_name, resolution) => {
      expect(compile('ours', { ...resolution, noEmit: true, skipLibCheck: true }, 'hosts.ts')).toBe('')
    },
    60_000,
  )

  test('the loader of Node stamps a program', () => {
    const source =
      "import { cached } from '@autocache/core'\nconst half = cached((n) => n / 2)\nconsole.log(half.version)\n"
    writeFileSync(join(project, 'half.mjs'), source)
    const { VITEST: _, ...env } = process.env
    const args = ['--import', '@autocache/unplugin/register', 'half.mjs']
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8', env })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^s1-[a-z2-7]{26}\n$/)
  })

  test('esbuild builds with them', async () => {
    const { default: autocache } = (await import(
      join(project, 'node_modules/@autocache/unplugin/dist/esbuild.js')
    )) as typeof import('@autocache/unplugin/esbuild')
    const { outputFiles } = await build({
      entryPoints: [join(project, 'half.mjs')],
      absWorkingDir: project,
      write: false,
      plugins: [autocache()],
    })
    expect(outputFiles[0]!.text).toMatch(/version: "s1-[a-z2-7]{26}"/)
  })
})

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { defineConfig, type Plugin } from 'vitest/config'

/** Vite lowers legacy decorators (where a tsconfig asks for them, `test/legacy`) but not TC39 ones; TypeScript does. */
const tc39Decorators: Plugin = {
  name: 'tc39-decorators',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.ts') || id.includes('/legacy/') || !/^\s*@\w/m.test(code)) return
    const { outputText, sourceMapText } = ts.transpileModule(code, {
      fileName: id,
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, sourceMap: true },
    })
    return { code: outputText, map: sourceMapText ?? null }
  },
}

/** The whole suite of nestjs once more, with the Nest of another folder. */
const nest = (folder: string) =>
  ['@nestjs/', '@apollo/', '@as-integrations/', 'reflect-metadata', 'rxjs', 'graphql', 'cache-manager'].map((name) => {
    const root = fileURLToPath(new URL(`${folder}/node_modules/`, import.meta.url))
    return { find: new RegExp(`^(?=${name}${name.endsWith('/') ? '' : '(?:$|/)'})`), replacement: root }
  })

/** Core's conditional imports lead to sources as well: Vite would take them from package.json, and so from `dist`. */
const source = (file: string) => fileURLToPath(new URL(`packages/core/src/platform/${file}`, import.meta.url))
const platform = [
  { find: '#platform', replacement: source('node.ts') },
  { find: '#sha256', replacement: source('sha256-node.ts') },
]

/** One project per folder. Imports of our own packages lead to their sources, through `paths` in tsconfig.base.json. */
const project = (
  name: string,
  root: string,
  {
    types = false,
    legacyDecorators = false,
    env = {},
    include = ['test/**/*.test.ts'],
    alias = [] as ReturnType<typeof nest>,
  } = {},
) => ({
  root,
  plugins: legacyDecorators ? [] : [tc39Decorators],
  resolve: { tsconfigPaths: true, alias: [...platform, ...alias] },
  test: {
    name,
    env,
    include,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    typecheck: { enabled: types, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
})

export default defineConfig({
  test: {
    // Vitest leaves a core to itself: on two, files would run one by one, and most of them wait for servers and builds.
    maxWorkers: '100%',
    projects: [
      project('core', 'packages/core', { types: true }),
      project('conformance', 'packages/conformance', { types: true }),
      project('compiler', 'packages/compiler'),
      project('cli', 'packages/cli'),
      project('keyv', 'packages/keyv', { types: true }),
      project('lru-cache', 'packages/lru-cache', { types: true }),
      project('cache-manager', 'packages/cache-manager', { types: true }),
      project('redis', 'packages/redis', { types: true }),
      project('nestjs', 'packages/nestjs', { types: true, legacyDecorators: true }),
      project('nest-11', 'packages/nestjs', {
        legacyDecorators: true,
        alias: nest('integrations/nest-11'),
        env: { NEST: '11' },
      }),
      project('unplugin', 'packages/unplugin'),
      project('next', 'packages/next', { types: true }),
      project('next-shop', 'apps/next-shop'),
      project('quickstart', 'apps/quickstart'),
      project('nest-api', 'apps/nest-api'),
      project('bench', 'apps/bench'),
      project('chaos', 'apps/chaos'),
      project('consumers', 'integrations/consumers'),
      project('shells', 'integrations/shells'),
      project('emitted', 'integrations/emitted'),
      project('scripts', 'scripts'),
    ],
  },
})

import { execFile } from 'node:child_process'
import type { Project } from './project.ts'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs Node in a project, as a user's shell would. */
export function node(
  { root }: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { VITEST: _, NODE_ENV: __, REDIS_URL: ___, NODE_OPTIONS: ____, ...rest } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args],
      { cwd: root, env: { ...rest, SHOP_FEE: '5', NO_COLOR: '1', ...env }, maxBuffer: 1 << 26 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    )
  })
}

export const autocache = (project: Project, ...args: readonly string[]): Promise<Ended> =>
  node(project, ['node_modules/@autocache/cli/dist/bin.js', ...args])

/** What the program says of one call. */
export interface Said {
  readonly label: string
  readonly version: string
  readonly key: string
  readonly value: unknown
  readonly from: 'store' | 'run'
}

/** Runs the program and returns what it printed last. */
export async function run(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, Said>> {
  const { out, err } = await node(project, args, env)
  const last = out.trim().split('\n').at(-1)!
  if (!last.startsWith('{')) throw new Error(`${out}\n${err}`)
  return JSON.parse(last) as Record<string, Said>
}

/** How a program was compiled. */
export interface Build {
  readonly compiler: 'tsc' | 'swc'
  readonly format: 'esm' | 'cjs'
  readonly decorators: 'legacy' | 'tc39'
  readonly maps: 'file' | 'inline'
}

export const folderOf = ({ compiler, format, decorators, maps }: Build): string =>
  `out/${compiler}-${format}-${decorators}-${maps}`

/** Compiles the sources as one of the compilers does. @returns the folder */
export async function build(project: Project, how: Build): Promise<string> {
  const folder = folderOf(how)
  const ended = await (how.compiler === 'tsc' ? withTsc(project, how, folder) : withSwc(project, how, folder))
  if (ended.code !== 0) throw new Error(ended.out + ended.err)
  project.write(`${folder}/package.json`, `{ "type": "${how.format === 'esm' ? 'module' : 'commonjs'}" }\n`)
  return folder
}

function withTsc(project: Project, { format, decorators, maps }: Build, folder: string): Promise<Ended> {
  return node(project, [
    'node_modules/typescript/bin/tsc',
    '--noCheck',
    ...['--outDir', folder],
    ...['--sourceMap', String(maps === 'file'), '--inlineSourceMap', String(maps === 'inline')],
    ...(format === 'cjs' ? ['--module', 'commonjs', '--moduleResolution', 'node10'] : []),
    ...(decorators === 'legacy' ? ['--experimentalDecorators', '--emitDecoratorMetadata'] : []),
  ])
}

function withSwc(project: Project, { format, decorators, maps }: Build, folder: string): Promise<Ended> {
  const legacy = decorators === 'legacy'
  project.write(
    '.swcrc',
    JSON.stringify({
      sourceMaps: maps === 'inline' ? 'inline' : true,
      module: { type: format === 'esm' ? 'es6' : 'commonjs' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        experimental: { keepImportAttributes: true },
        transform: {
          legacyDecorator: legacy,
          decoratorMetadata: legacy,
          ...(!legacy && { decoratorVersion: '2022-03' }),
        },
      },
    }),
  )
  const args = ['src', '-d', folder, '--strip-leading-paths', '--copy-files']
  return node(project, ['node_modules/@swc/cli/bin/swc.js', ...args])
}

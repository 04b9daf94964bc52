import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Analysis, type AnalyzeOptions, analyze } from '../../src/analyze.ts'
import { summarise } from '../../src/summary.ts'
import { memoryRoot, readFrom } from '../memory-files.ts'

/** Sources by name, relative to the root of the project. */
export type Sources = Readonly<Record<string, string>>

export interface Library {
  readonly name: string
  readonly sources: Sources
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** All of every library and every mutant, for minutes; else a fixed part of them, for seconds. */
export const full: boolean = process.env.AUTOCACHE_ORACLES === 'full'

interface Place {
  readonly name: string
  /** Where the package keeps sources that people wrote. */
  readonly folder: string
  readonly files: RegExp
  /** The part that a short run takes. */
  readonly part?: RegExp
}

const places: readonly Place[] = [
  {
    name: 'zod',
    folder: 'src',
    files: /^(?:(?:v4\/(?:core|mini|classic)|v3)\/(?!(?:.*\/)?(?:tests|benchmarks)\/).*|v4\/locales\/en)\.ts$/,
    part: /^v4\/(?:core\/(?!tests\/).*|locales\/en)\.ts$/,
  },
  { name: 'rxjs', folder: 'src', files: /\.ts$/ },
  { name: 'immer', folder: 'src', files: /\.ts$/ },
  { name: '@noble/hashes', folder: 'src', files: /\.ts$/ },
  {
    name: 'date-fns',
    folder: '.',
    files: /^(?!cdn|_lib\/test)(?:[^/]+|_lib\/(?:format\/)?[^/]+|parse\/.*|locale\/(?:en-US|de|_lib)(?:\/.*)?)\.js$/,
  },
  {
    name: 'es-toolkit',
    folder: 'dist',
    files: /^(?!fp|server).*\.mjs$/,
    part: /^(?!fp|server|compat\/(?!_internal|util)).*\.mjs$/,
  },
]

function read({ name, folder, files: all, part }: Place): Library {
  const files = full ? all : (part ?? all)
  const root = join(modules, name, folder)
  const found: Record<string, string> = {}
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')
    if (!files.test(file) || /\.d\.[cm]?ts$|(?:^|\/)node_modules\//.test(file)) continue
    found[file] = readFileSync(join(root, file), 'utf8')
  }
  return {
    name,
    sources: Object.fromEntries(
      Object.keys(found)
        .sort()
        .map((file) => [file, found[file]!]),
    ),
  }
}

let all: readonly Library[] | undefined

/** Published code that ships its sources, at the versions that package.json pins. */
export const libraries = (): readonly Library[] => (all ??= places.map(read))

/** The compiler options under which the types of a source can be erased and nothing else changes. */
export const compilerOptions = {
  target: 'ESNext',
  module: 'ESNext',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
}

export function analysisOf(sources: Sources, options: Partial<AnalyzeOptions> = {}): Analysis {
  return analyze({
    root: memoryRoot,
    files: Object.keys(sources),
    read: readFrom(sources),
    cache: false,
    tsconfig: { compilerOptions },
    ...options,
  })
}

/** The names that a file both exports and defines. */
export function ownExports(file: string, text: string): string[] {
  const { exports } = summarise({ text, extension: extname(file) })
  return Object.keys(exports).filter((name) => 'def' in exports[name]!)
}

/** Every so manieth of a list, so that no more than `most` are taken; all of them in a full run. */
export function part<T>(list: readonly T[], most: number): readonly T[] {
  if (full || list.length <= most) return list
  return Array.from({ length: most }, (_, index) => list[Math.floor((index * list.length) / most)] as T)
}

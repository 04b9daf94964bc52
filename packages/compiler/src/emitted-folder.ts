/**
 * A folder that tsc or swc wrote, as a whole. A function is stamped with what its sources say now, so that every file of the
 * folder has to be what those sources compile to: one that is older than its source takes the stamps of all.
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { globSync } from 'tinyglobby'
import type { Analysis } from './analyze.ts'
import { digestOf } from './digest.ts'
import type { StampedEmitted } from './emitted.ts'
import { inlineMap, mapUrlOf } from './emitted-map.ts'
import { traceOf } from './emitted-text.ts'
import { slashes } from './workspace.ts'

/** One file of the folder: what it holds and what it should. */
export interface PlannedFile {
  /** Absolute. */
  readonly file: string
  readonly code: string
  readonly map: { readonly file: string; readonly text: string } | undefined
  readonly stamped: StampedEmitted
}

export interface FolderPlan {
  readonly files: readonly PlannedFile[]
  /** Absolute paths of emitted files, or copies of JSON, whose sources were edited since. Where there are any, nothing is to be stamped. */
  readonly stale: readonly string[]
  /** Emitted files without a map whose sources, named beside them, have cached functions. */
  readonly unmapped: readonly { readonly file: string; readonly source: string }[]
}

/**
 * Plans the stamps of every file in a folder. Nothing is written.
 * @param isSealed whether the stamps say what the folder is, and are believed as long as it is that: for stamps that are written
 */
export function planFolder(analysis: Analysis, folder: string, isSealed = false): FolderPlan {
  const first = emittedFiles(folder).map((file) => planFile(analysis, file, readFileSync(file, 'utf8')))
  const files = isSealed ? sealed(analysis, folder, first) : first
  const layouts = layoutsOf(files)
  const stale = files.filter(isStale).map(({ file }) => file)
  return {
    files,
    stale: [...stale, ...staleJson(analysis, layouts)],
    unmapped: unmappedOf(analysis, files, layouts, folder),
  }
}

/** Plans the stamps of one file. Whether its folder may be stamped, {@link planFolder} knows. */
export function planFile(analysis: Analysis, file: string, code: string): PlannedFile {
  const map = mapBeside(file, code)
  return { file, code, map, stamped: analysis.stampEmitted({ file, code, map: map?.text }) }
}

/** The same plans with stamps that hold for this folder only. What has neither a source map nor is JSON is none of it. */
function sealed(analysis: Analysis, folder: string, files: readonly PlannedFile[]): readonly PlannedFile[] {
  const own = (file: string) => slashes(relative(folder, file))
  const traces = [
    ...files.filter(({ stamped }) => stamped.code.includes('sourceMappingURL=')),
    ...filesIn(folder, 'json')
      .filter((file) => !/[\\/](?:package|autocache\.manifest)\.json$/.test(file))
      .map((file) => ({ file, stamped: { code: readFileSync(file, 'utf8') } })),
  ].map(({ file, stamped }) => `${own(file)} ${traceOf(stamped.code)}`)
  const digest = digestOf(traces.sort().join('\n')).slice(0, 16)
  return files.map(({ file, code, map, stamped }) =>
    stamped.stamps.length === 0
      ? { file, code, map, stamped }
      : {
          file,
          code,
          map,
          stamped: analysis.stampEmitted({ file, code, map: map?.text, seal: { own: own(file), digest } }),
        },
  )
}

const emittedFiles = (folder: string): string[] => filesIn(folder, '{js,mjs,cjs,jsx}')

const filesIn = (folder: string, extensions: string): string[] =>
  globSync(`**/*.${extensions}`, {
    cwd: folder,
    ignore: ['**/node_modules/**'],
    followSymbolicLinks: false,
    expandDirectories: false,
    dot: true,
  })
    .sort()
    .map((file) => join(folder, file))

function mapBeside(file: string, code: string): PlannedFile['map'] {
  const url = mapUrlOf(code)
  if (url !== undefined && inlineMap(url) !== undefined) return undefined
  const path =
    url === undefined || /^[a-z]+:/.test(url) ? `${file}.map` : resolve(dirname(file), decodeURIComponent(url))
  try {
    return { file: path, text: readFileSync(path, 'utf8') }
  } catch {
    return undefined
  }
}

/** Where the map has no text of the source to compare, the times have to do; a stamp leaves them as they are. */
function isStale({ file, stamped }: PlannedFile): boolean {
  if (stamped.problem === 'stale') return true
  if (stamped.source === undefined || stamped.problem !== undefined || stamped.compared) return false
  return statSync(stamped.source).mtimeMs > statSync(file).mtimeMs
}

/** A folder of sources and the folder that they are compiled to. */
type Layout = readonly [from: string, to: string]

function layoutOf(source: string, file: string): Layout {
  const from = dirname(source).split(sep)
  const to = dirname(file).split(sep)
  while (from.length > 1 && to.length > 1 && from.at(-1) === to.at(-1)) {
    from.pop()
    to.pop()
  }
  return [from.join(sep), to.join(sep)]
}

/** The folder that a file was compiled into together with others. @param source what it was made from */
export const outputFolder = (source: string, file: string): string => layoutOf(source, file)[1]

function layoutsOf(files: readonly PlannedFile[]): readonly Layout[] {
  const found = new Map<string, Layout>()
  for (const { file, stamped } of files) {
    if (stamped.source === undefined) continue
    const layout = layoutOf(stamped.source, file)
    found.set(layout.join('\0'), layout)
  }
  return [...found.values()]
}

/** JSON is copied by tsc, and its value is in the versions. */
function staleJson(analysis: Analysis, layouts: readonly Layout[]): string[] {
  const names = new Set(
    analysis.functions.flatMap(({ definitions }) =>
      definitions.flatMap(({ kind, file }) => (kind === 'json' ? [resolve(analysis.root, file)] : [])),
    ),
  )
  return [...names].flatMap((name) =>
    layouts.flatMap(([from, to]) => {
      const copy = copyOf(name, from, to)
      if (copy === undefined || copy === name) return []
      const [here, there] = [jsonOf(name), jsonOf(copy)]
      return there === undefined || here === there ? [] : [copy]
    }),
  )
}

function copyOf(file: string, from: string, to: string): string | undefined {
  const way = relative(from, file)
  return way.startsWith('..') ? undefined : join(to, way)
}

function jsonOf(file: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')))
  } catch {
    return undefined
  }
}

const withoutExtension = (file: string) => file.replace(/\.[cm]?[jt]sx?$/, '')

/** Without a map no place is known; whether there was anything to stamp, the names of the files tell. */
function unmappedOf(
  analysis: Analysis,
  files: readonly PlannedFile[],
  layouts: readonly Layout[],
  folder: string,
): FolderPlan['unmapped'] {
  const blind = files.filter(({ stamped }) => stamped.problem === 'no-map')
  if (blind.length === 0) return []
  const sources = new Map<string, string>()
  for (const { file } of analysis.functions) {
    for (const [from, to] of layouts) {
      const copy = copyOf(resolve(analysis.root, file), from, to)
      if (copy !== undefined) sources.set(withoutExtension(copy), file)
    }
  }
  return blind.flatMap(({ file }) => {
    const way = `/${withoutExtension(slashes(relative(folder, file)))}`
    // With no map at all it is not known which folder of sources this is.
    const source =
      sources.get(withoutExtension(file)) ??
      (layouts.length > 0
        ? undefined
        : analysis.functions.find((one) => `/${withoutExtension(one.file)}`.endsWith(way))?.file)
    return source === undefined ? [] : { file, source }
  })
}

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { AutocacheError, type AutocacheErrorCode } from '../src/errors.ts'
import type { AsyncStore, Held, Holds, SyncStore } from '../src/store.ts'

/** A synchronous store over a map that stays to be looked at. */
export function syncStore<THolds extends Holds = 'references'>(
  lifetime: 'process' | 'shared' = 'shared',
  holds: THolds = 'references' as THolds,
): SyncStore<THolds> & { readonly rows: Map<string, Held<THolds>> } {
  const rows = new Map<string, Held<THolds>>()
  return {
    rows,
    lifetime,
    holds,
    get: (key) => rows.get(key),
    set: (key, held) => void rows.set(key, held),
    delete: (key) => rows.delete(key),
  }
}

/** The same behind promises. */
export function asyncStore<THolds extends Holds = 'text'>(
  lifetime: 'process' | 'shared' = 'shared',
  holds: THolds = 'text' as THolds,
): AsyncStore<THolds> & { readonly rows: Map<string, Held<THolds>> } {
  const rows = new Map<string, Held<THolds>>()
  return {
    rows,
    lifetime,
    holds,
    get: async (key) => rows.get(key),
    set: async (key, held) => void rows.set(key, held),
    delete: async (key) => rows.delete(key),
  }
}

/** The `AutocacheError` that `run` throws, which must have this code. */
export function thrown<TError extends AutocacheError = AutocacheError>(
  run: () => unknown,
  code: AutocacheErrorCode,
): TError {
  try {
    run()
  } catch (error) {
    if (!(error instanceof AutocacheError)) throw new Error(`threw something else: ${String(error)}`, { cause: error })
    if (error.code !== code) throw new Error(`threw ${error.code}: ${error.message}`, { cause: error })
    return error as TError
  }
  throw new Error('did not throw')
}

/** A function whose text a build has changed: its name may be a minifier's. */
export const fromText = (text: string): ((...args: any[]) => any) => new Function(`return ${text}`)() as never

/**
 * Puts the package, compiled from its sources of now, into `folder/node_modules`, so that a program there imports
 * `@autocache/core` as a user's does.
 */
export function installCore(folder: string): void {
  const root = join(import.meta.dirname, '..')
  const target = join(folder, 'node_modules/@autocache/core')
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const { outputText } = ts.transpileModule(readFileSync(join(root, 'src', file), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    })
    const path = join(target, 'dist', file.replace(/ts$/, 'js'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, outputText)
  }
  writeFileSync(join(target, 'package.json'), readFileSync(join(root, 'package.json')))
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'))
}

/**
 * A state of a program: its cached functions with what they reach, from an analysis of files or from a manifest.
 * `explain --since` and `diff` compare two of these.
 */
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Analysis, Manifest, VersionedFunction } from '@autocache/compiler'
import { codeOf, messageOf, UserError } from './errors.ts'
import { type Context, isCompilerError } from './program.ts'
import { clean } from './text.ts'

/** A function of a state. */
export type FunctionState = VersionedFunction

export interface State {
  /** For people: `the working tree`, `main (1a2b3c4)`, `autocache.manifest.json`. */
  readonly name: string
  readonly functions: readonly FunctionState[]
  /** The contract of the compiler that made it, where that is known. */
  readonly compiler: number | undefined
  /** The text of a file, or nothing where it does not exist or the state has no sources. */
  text(file: string): string | undefined
  readonly hasSources: boolean
  /** The version of any export; nothing where it does not exist, or where the state is a manifest. */
  find(file: string, name: string): FunctionState | undefined
}

/** Larger files are not compared as text. */
const maxText = 8 * 1024 * 1024

/** A state whose files lie under the root of an analysis. */
export function analysedState(name: string, analysis: Analysis, compiler?: number): State {
  const texts = new Map<string, string | undefined>()
  return {
    name,
    functions: analysis.functions,
    compiler,
    hasSources: true,
    text(file) {
      if (!texts.has(file)) texts.set(file, readText(join(analysis.root, file)))
      return texts.get(file)
    },
    find(file, exported) {
      try {
        return analysis.versionOf(file, exported)
      } catch (error) {
        if (isCompilerError(error)) return undefined
        throw error
      }
    },
  }
}

function readText(path: string): string | undefined {
  try {
    const { size } = statSync(path)
    return size <= maxText ? readFileSync(path, 'utf8') : undefined
  } catch {
    return undefined
  }
}

/** The state of a program in which a folder does not exist yet. */
export function emptyState(name: string): State {
  return { name, functions: [], compiler: undefined, hasSources: true, text: () => undefined, find: () => undefined }
}

/** A state as a manifest tells it. */
export function manifestState(name: string, manifest: Manifest): State {
  return {
    name,
    functions: manifest.functions.map((one) => ({
      ...one,
      definitions: one.definitions.map(([index, parent, via]) => {
        const definition = manifest.definitions[index]
        if (definition === undefined) {
          throw new UserError(
            `${clean(name)} refers to a definition that it does not have. Write it again with \`autocache manifest\`.`,
          )
        }
        return { ...definition, parent, via }
      }),
    })),
    compiler: manifest.compiler,
    text: () => undefined,
    hasSources: false,
    find: () => undefined,
  }
}

/** Reads a manifest, named relative to the current folder. @throws UserError */
export async function loadManifest(context: Context, file: string): Promise<Manifest> {
  const path = resolve(context.io.cwd, file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new UserError(`There is no manifest ${clean(file)}. Write one with \`autocache manifest\`.`)
    }
    throw new UserError(`The manifest ${clean(file)} cannot be read (${clean(codeOf(error) ?? messageOf(error))}).`)
  }
  const { readManifest } = await context.compiler()
  try {
    return readManifest(text)
  } catch (error) {
    if (!isCompilerError(error)) throw error
    throw new UserError(`${clean(file)}: ${clean(messageOf(error))}`, { cause: error })
  }
}

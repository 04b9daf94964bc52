/**
 * `node --import @autocache/unplugin/register app.js`: stamps cached functions as Node loads them.
 *
 * The hooks come before those of loaders that are imported later, such as tsx, and so see what the author wrote. Where Node has
 * hooks in the thread of the program (22.15, 23.5 and later) they see every module; before that, ES modules go through hooks
 * in a thread of their own, and CommonJS where Node compiles it.
 */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { pathToFileURL } from 'node:url'
import { NodeLoader, optionsOf } from './node-loader.ts'

interface Loaded {
  readonly format?: string | null | undefined
  readonly source?: string | ArrayBuffer | NodeJS.TypedArray | null | undefined
  readonly shortCircuit?: boolean | undefined
}

/** What releases of Node have that the types of the oldest one do not. */
interface Hooks {
  registerHooks?(hooks: {
    load(url: string, context: object, nextLoad: (url: string, context: object) => Loaded): Loaded
  }): void
}

interface Compiling {
  _compile(content: string, filename: string, ...rest: unknown[]): unknown
}

const options = optionsOf(process.env, process.argv[1])
const loader = new NodeLoader(options)
const { registerHooks } = nodeModule as Hooks

const textOf = (source: Loaded['source']): string | undefined =>
  source === null || source === undefined
    ? undefined
    : typeof source === 'string'
      ? source
      : new TextDecoder().decode(source)

if (registerHooks !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const file = /^(?:module|commonjs)/.test(loaded.format ?? '') ? loader.fileOf(url) : undefined
      const source = file === undefined ? undefined : loader.stamp(file, textOf(loaded.source))
      return source === undefined ? loaded : { ...loaded, source, shortCircuit: true }
    },
  })
} else {
  nodeModule.register('./hooks.js', import.meta.url, { data: options })
  const { prototype } = nodeModule.Module as unknown as { prototype: Compiling }
  const compile = prototype._compile
  prototype._compile = function (this: Compiling, content, filename, ...rest) {
    // A transpiler compiles what it made itself, and no place in that is known.
    const isOwn = loader.fileOf(pathToFileURL(filename).href) !== undefined && readFileSync(filename, 'utf8') === content
    const source = isOwn ? loader.stamp(filename, content) : undefined
    return compile.call(this, source ?? content, filename, ...rest)
  }
}

/** Where the sources of a program end: packages, builtins, JSON, assets, and what leads nowhere. One object for each. */
import { createHash } from 'node:crypto'
import type { Request } from './model.ts'
import type { Leaf, Link } from './nodes.ts'
import type { PackageIdentity, Program, Resolution, SourceOptions } from './program.ts'

/** A text in a stream: quoted and escaped, so that it ends where it ends and lone surrogates differ. */
export const quote = (text: string): string => JSON.stringify(text)

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

export class Leaves {
  readonly program: Program
  readonly #leaves = new Map<string, Leaf>()
  readonly #digests = new Map<string, string>()
  readonly #json = new Map<string, { readonly value: unknown; readonly leaf: Leaf }>()

  constructor(program: Program) {
    this.program = program
  }

  missing(request: Request | undefined, name: string, path: readonly string[]): Link {
    const specifier = request?.specifier ?? ''
    const member = name === '*' || name === 'export=' ? (path[0] ?? name) : name
    const leaf = this.#leaf(`? ${specifier} ${member}`, () => ({
      kind: 'unresolved',
      name: member === '*' || member === 'export=' ? `'${specifier}'` : `'${member}' of '${specifier}'`,
      state: undefined,
      content: () => `?${quote(specifier)}${quote(member)}`,
    }))
    return { kind: 'leaf', leaf, detail: '' }
  }

  outer(found: Exclude<Resolution, { kind: 'source' | 'json' | 'unresolved' }>, name: string, importer: string): Link {
    if (found.kind === 'asset') {
      const leaf = this.#leaf(`asset ${found.file}?${found.query}`, () => ({
        kind: 'asset',
        name: this.program.relative(found.file),
        file: found.file,
        state: undefined,
        content: () => `A${quote(this.program.asset(found.file))}${quote(found.query)}`,
      }))
      return { kind: 'leaf', leaf, detail: name === 'default' || name === '*' ? '' : quote(name) }
    }
    if (found.kind === 'builtin') {
      const bare = found.name.replace(/^node:/, '')
      const { engine } = this.program.settings
      const state = this.#state('builtin', bare)
      const leaf = this.#leaf(`builtin ${bare} ${name}`, () => ({
        kind: 'builtin',
        name: `node:${bare}`,
        member: name,
        state,
        content: () => `B${quote(bare)}${quote(name)}${engine === undefined ? '' : quote(engine)}`,
      }))
      return { kind: 'leaf', leaf, detail: '' }
    }
    const { name: packageName, subpath } = found
    const leaf = this.#leaf(`package ${packageName} ${subpath} ${found.file ?? ''} ${name}`, () => {
      let identity: PackageIdentity | undefined
      const identify = () => {
        identity ??= this.program.identify(found, importer)
        return identity
      }
      return {
        kind: 'package',
        name: packageName,
        member: name,
        state: this.#state('package', packageName),
        identity: identify,
        importer,
        content: () => `P${quote(packageName)}${quote(identify().identity)}${quote(subpath)}${quote(name)}`,
      }
    })
    return { kind: 'leaf', leaf, detail: '' }
  }

  /** What all exports of a package have in common: `mongoose.plugin(p)` is felt through `import { model }`. */
  #state(kind: 'package' | 'builtin', name: string): Leaf {
    return this.#leaf(`state ${kind} ${name}`, () => ({ kind, name, state: undefined, content: () => '' }))
  }

  #leaf(key: string, make: () => Omit<Leaf, 'key'>): Leaf {
    const known = this.#leaves.get(key)
    if (known) return known
    const made = { key, ...make() }
    this.#leaves.set(key, made)
    return made
  }

  json(file: string): { readonly value: unknown; readonly leaf: Leaf } {
    const known = this.#json.get(file)
    if (known) return known
    const leaf = this.#leaf(`json ${file}`, () => {
      return { kind: 'json', name: this.program.relative(file), file, state: undefined, content: () => 'J' }
    })
    const read = { value: this.program.json(file), leaf }
    this.#json.set(file, read)
    return read
  }

  /** The value that a path of own keys leads to: what stands beside it is not read. */
  narrow(file: string, path: readonly string[], namespace: boolean): Link {
    const { value, leaf } = this.json(file)
    if (value === undefined) return this.outer({ kind: 'asset', file, query: '' }, '*', file)
    let at: unknown = value
    let taken = 0
    const own = namespace && path[0] === 'default' ? path.slice(1) : path
    while (taken < own.length && isObject(at) && Object.hasOwn(at, own[taken] as string)) {
      at = (at as Record<string, unknown>)[own[taken++] as string]
    }
    const where = own
      .slice(0, Math.max(taken, namespace ? 1 : 0))
      .map(quote)
      .join('')
    const key = `${file} ${where}`
    let digest = this.#digests.get(key)
    if (digest === undefined) {
      digest = sha256(canonical(at))
      this.#digests.set(key, digest)
    }
    return { kind: 'leaf', leaf, detail: `${where}=${digest}`, digest }
  }
}

const targets: Readonly<Record<string, number>> = { es3: 3, es5: 5, es6: 2015, esnext: 9999 }

/** As TypeScript has it: fields define from ES2022 on. Without a target the tools differ, so that is a third answer. */
const fieldSemantics = (file: string, options: SourceOptions): string => {
  if (/\.[cm]?jsx?$/.test(file)) return 'define'
  if (options.useDefineForClassFields !== undefined) return options.useDefineForClassFields ? 'define' : 'assign'
  if (options.target === undefined) return 'default'
  const target = options.target.toLowerCase()
  return (targets[target] ?? Number(target.slice(2))) >= 2022 ? 'define' : 'assign'
}

/** What a setting of the compiler is for a file, as a token. */
export function settingToken(
  file: string,
  options: SourceOptions,
  setting: 'fields' | 'decorators' | 'metadata' | 'jsx',
): string {
  if (setting === 'decorators') return `d${options.experimentalDecorators === true}`
  if (setting === 'metadata') return `m${options.emitDecoratorMetadata === true}`
  if (setting === 'fields') return `f${fieldSemantics(file, options)}`
  const { jsx, jsxFactory, jsxFragmentFactory, jsxImportSource, reactNamespace } = options
  const values = [jsx, jsxFactory, jsxFragmentFactory, jsxImportSource, reactNamespace]
  return `x${values.map((value) => quote(value ?? '')).join('')}`
}

/** A value of JSON with the order of its keys; unlike `JSON.stringify` it keeps `-0` and numbers too large for a double. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, each]) => `${quote(key)}:${canonical(each)}`)
      .join()}}`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return typeof value === 'string' ? quote(value) : String(value)
}

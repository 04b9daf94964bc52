/**
 * The version of a function from its own source, for programs that no build stamps.
 *
 * The rule: a version that stands for everything the result can depend on, or none. A function shows its own text and
 * nothing around it: no import, helper, constant or captured value. So every name in it must mean something of the
 * platform or be given in `deps`, and a text that is not the author's is refused. What remains unseen is listed in the
 * README. The stream is the one that files get (`encode.ts`), so formatting and the names of variables do not matter.
 *
 * @module
 */
import {
  type AnyFunction,
  AutocacheError,
  encodeKey,
  UnkeyableValueError,
  UnversionedFunctionError,
} from '@autocache/core'
import { digest, stampOf } from '@autocache/core/plumbing'
import { encodeBase32 } from './base32.ts'
import { changes, type FunctionCode, Refusal, readFunction } from './function-text.ts'
import { Observe } from './model.ts'
import { quoted } from './stream.ts'

/** What a function refers to, by the names that its source has for it. */
export type SourceDeps = Readonly<Record<string, unknown>>

/** @see {@link sourceVersion} */
export interface SourceVersion {
  (fn: AnyFunction): string
  /**
   * The version of functions that refer to something: functions by their own source or stamp, values by their content
   * when the version is made. What is read of the environment stands under its whole name, `'process.env.RATE'`.
   * A name that the source does not have joins as well.
   * @throws AutocacheError `INVALID_OPTION` for anything but an object of `deps`
   * @example
   * ```ts
   * import { sourceVersion } from '@autocache/compiler/runtime'
   *
   * const rate = 1.2
   * const round = (price: number) => Math.round(price)
   * const gross = (net: number) => round(net * rate)
   *
   * sourceVersion.with({ deps: { rate, round } })(gross).slice(0, 3) // 'r1-'
   * ```
   */
  with(options: { readonly deps: SourceDeps }): (fn: AnyFunction) => string
}

/** Raised whenever the version of the same text changes. */
const sourceFormat = 1

/**
 * The version of a function from its source, such as `r1-4mz6...`, to be given as the option `version`. It stays through
 * reformatting, comments and renamed variables, and changes with what the function does.
 * @throws UnversionedFunctionError where the source does not show everything; `reason` says which kind of thing it hides
 * @example
 * ```ts
 * import { sourceVersion } from '@autocache/compiler/runtime'
 *
 * const area = (width: number, height: number) => width * height
 *
 * sourceVersion(area) === sourceVersion((w, h) => { return w * h }) // true
 * sourceVersion(area) === sourceVersion((w, h) => w + h) // false
 * ```
 */
export const sourceVersion: SourceVersion = Object.assign((fn: AnyFunction) => versionOf(fn, {}), {
  with(options: { readonly deps: SourceDeps }) {
    const deps: unknown = options?.deps
    const others = Object.keys(options ?? {}).filter((name) => name !== 'deps')
    if (typeof deps !== 'object' || deps === null || Array.isArray(deps) || others.length > 0) {
      throw new AutocacheError(
        'INVALID_OPTION',
        '`sourceVersion.with` takes an object of `deps`, by the names that the function has for them: `{ deps: { rate } }`.',
      )
    }
    const given = { ...(deps as SourceDeps) }
    return (fn: AnyFunction) => versionOf(fn, given)
  },
})

/** Texts of Stryker, which chooses the mutant while the program runs. */
const mutated = /\bstryMutAct_/

let mutations = 0

function versionOf(fn: AnyFunction, deps: SourceDeps): string {
  if (typeof fn !== 'function')
    throw new AutocacheError('INVALID_OPTION', 'The version of a source is that of a function.')
  try {
    const text = textOf(fn)
    // Any version would keep what one mutant answered; core does not cache such a function, and no other meets it.
    if (mutated.test(text)) return `mutated-${Date.now()}-${Math.random()}-${(mutations += 1)}`
    const inner = Object.hasOwn(fn, cachedKey) ? ownVersion(fn) : undefined
    const stream = inner === undefined ? new Closure(fn, deps).text() : `Cached ${quoted(inner)}`
    return `r1-${base32(digest(`r1 ${sourceFormat};${stream}`))}`
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const name = fn.name || 'a function'
    throw new UnversionedFunctionError(
      fn.name,
      error.reason,
      `\`${name}\` has no version by its source: ${error.message}`,
    )
  }
}

/** 128 of the bits that `digest` gives in base64url. */
function base32(text: string): string {
  const bytes = atob(text.slice(0, 24).replaceAll('-', '+').replaceAll('_', '/'))
  return encodeBase32(Uint8Array.from(bytes.slice(0, 16), (unit) => unit.charCodeAt(0)))
}

const cachedKey = Symbol.for('autocache.cached')

const textOf = (fn: AnyFunction): string => Function.prototype.toString.call(fn)

/** What was read, by text and given names: a handler may make the same function for each request. */
const read = new Map<string, FunctionCode>()
const kept = 500

function codeOf(fn: AnyFunction, names: readonly string[]): FunctionCode {
  const text = textOf(fn)
  const key = JSON.stringify([text, ...names])
  let code = read.get(key)
  if (!code) {
    code = readFunction(text, new Set(names))
    if (read.size >= kept) read.delete(read.keys().next().value!)
    read.set(key, code)
  }
  return code
}

/** One function with what it refers to, as one text. */
class Closure {
  readonly #root: AnyFunction
  readonly #deps: SourceDeps
  readonly #code: FunctionCode
  /** The code of each function among `deps` that has no version of its own. */
  readonly #codes = new Map<AnyFunction, FunctionCode>()
  readonly #numbers = new Map<unknown, number>()
  #observes = 0

  constructor(fn: AnyFunction, deps: SourceDeps) {
    this.#root = fn
    this.#deps = deps
    const names = Object.keys(deps).sort()
    this.#code = codeOf(fn, names)
    for (const name of names) {
      const value = deps[name]
      if (typeof value === 'function') this.#readDependency(name, value as AnyFunction)
    }
    for (const code of [this.#code, ...this.#codes.values()]) this.#observes |= code.observes
    this.#checkMutations()
  }

  #readDependency(name: string, fn: AnyFunction): void {
    if (fn === this.#root || ownVersion(fn) !== undefined) return
    if (mutated.test(textOf(fn))) throw new Refusal('instrumented', `\`deps.${name}\` is mutated by Stryker.`)
    try {
      this.#codes.set(fn, codeOf(fn, []))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const remedy =
        error.reason === 'free name' || error.reason === 'environment'
          ? ` Give its version in its place: \`${name}: sourceVersion.with({ deps: { … } })(${name})\`.`
          : ` Give a text in its place that changes whenever it does: \`${name}: '1'\`.`
      throw new Refusal('dependency', `\`deps.${name}\` has none: ${error.message}${remedy}`)
    }
  }

  /** A value that is handed to a function which changes it is state. */
  #checkMutations(): void {
    const { holes } = this.#code
    for (const { given, call } of holes) {
      if (given === undefined || !call) continue
      const callee = holes[call[0]]?.given
      const code = callee === undefined ? undefined : this.#codes.get(this.#deps[callee] as AnyFunction)
      if (code?.mutates.includes(call[1])) throw changes(given)
    }
  }

  text(): string {
    const parts = [this.#written(this.#code), this.#name(this.#root), this.#properties('', this.#root)]
    const named = new Set<string>()
    for (const { given, module, asText } of this.#code.holes) {
      if (module !== undefined) parts.push(`Module ${quoted(module)}`)
      if (given === undefined) continue
      named.add(given)
      parts.push(this.#dependency(given, asText))
    }
    for (const name of Object.keys(this.#deps).sort()) {
      if (!named.has(name)) parts.push(`Named ${quoted(name)}`, this.#dependency(name, false))
    }
    return parts.join('')
  }

  #written({ stream, names, kinds }: FunctionCode): string {
    return `${stream}${this.#observes & Observe.names ? `Names ${names};` : ''}${this.#observes & Observe.kinds ? `Kinds ${kinds};` : ''}`
  }

  #name = (fn: AnyFunction): string => (this.#observes & Observe.names ? `Name ${quoted(fn.name)}` : '')

  /** Two names for one object are one object: the function could compare them. */
  #dependency(name: string, asText: boolean): string {
    const value = this.#deps[name]
    const isReference = typeof value === 'function' || (typeof value === 'object' && value !== null)
    const known = isReference ? this.#numbers.get(value) : undefined
    if (isReference && known === undefined) this.#numbers.set(value, this.#numbers.size)
    const text = asText && typeof value === 'function' ? `Text ${quoted(textOf(value as AnyFunction))}` : ''
    if (known !== undefined) return `Back ${known};${text}`
    return (
      (typeof value === 'function' ? this.#function(name, value as AnyFunction) : this.#value(`deps.${name}`, value)) +
      text
    )
  }

  #function(name: string, fn: AnyFunction): string {
    const named = this.#name(fn)
    const version = ownVersion(fn)
    if (version !== undefined) return `Version ${quoted(version)}${named}`
    if (fn === this.#root) return `Self;${named}`
    return `Code ${this.#written(this.#codes.get(fn)!)}${named}${this.#properties(`deps.${name}`, fn)}`
  }

  /** What was put on a function: `round.digits = 2`. */
  #properties(name: string, fn: AnyFunction): string {
    return Object.keys(fn).length > 0 ? `Properties ${this.#value(name || fn.name, { ...fn })}` : ''
  }

  #value(path: string, value: unknown): string {
    try {
      return `Value ${quoted(encodeKey(value, undefined, { root: path }))}`
    } catch (error) {
      if (!(error instanceof UnkeyableValueError)) throw error
      throw new Refusal(
        'dependency',
        `\`${error.path}\` is no value that can be told apart from others.`,
        `Give a text in its place that changes whenever it does: \`${path.replace(/^deps\./, '')}: '1'\`.`,
      )
    }
  }
}

/** The version that a function carries: its stamp, or that of a cached function, with the options that belong to it. */
function ownVersion(fn: AnyFunction): string | undefined {
  const stamp = stampOf(fn)
  if (stamp) return stamp.version
  if (!Object.hasOwn(fn, cachedKey)) return undefined
  const { version } = fn as unknown as { version: string }
  if (!/(?:^|\+)p-/.test(version)) return version
  throw new Refusal(
    'dependency',
    `\`${fn.name}\` is cached without a version.`,
    'Give it one, or give the function it wraps, its `original`.',
  )
}

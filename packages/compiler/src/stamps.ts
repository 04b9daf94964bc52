/**
 * What is written into a module so that versions reach its functions: a list of insertions, each at an offset of the
 * source as the analysis reads it. Nothing that stands in the source is changed or moved.
 *
 * A stamp holds readers and no paths: `() => ctx.user.id`, so that whatever renames the variables and members of the
 * program renames them here too. A read of the environment is the expression of the source, so that a bundler's `define`
 * replaces both. Why each shape: docs/decisions/0017-stamps.md.
 */
import { digestOf } from './digest.ts'
import {
  type CachedUse,
  type Capture,
  type ClassSource,
  type EnvRead,
  type Layout,
  type ListedCode,
  type ModuleSummary,
  type Receiver,
  Use,
} from './model.ts'
import type { Node } from './nodes.ts'

/**
 * The shape of what is written: that of the `@autocache/core` that reads it, whose plumbing has the same constant.
 * @example
 * ```ts
 * import { stampContract } from '@autocache/compiler'
 *
 * stampContract // 2
 * ```
 */
export const stampContract = 2

/** A text to insert, and how it comes among others at one place. */
export interface Insertion {
  readonly at: number
  readonly text: string
}

/** A function among the options with what its stamp says. */
export interface StampedCode extends ListedCode {
  readonly version: string
  /** Definitions whose values are inputs of it, wherever they stand. */
  readonly read: readonly Node[]
}

/** One use with what its stamp says. */
export interface Stamped {
  readonly use: CachedUse
  readonly label: string
  readonly version: string
  /** Functions among its options, with their versions. */
  readonly listed: readonly StampedCode[]
  /** The version of the class that it is a method of, if that has one. */
  readonly owner: string | undefined
  /** Definitions whose values are inputs of it, wherever they stand. */
  readonly read: readonly Node[]
  /** A decorator that is an expression by now: where it stands. */
  readonly around?: readonly [start: number, end: number]
}

/** A class with its version. */
export interface StampedClass {
  readonly source: ClassSource
  readonly label: string
  readonly version: string
  /** Definitions whose values are inputs of its members, wherever they stand. */
  readonly read: readonly Node[]
  /** Its decorators, where they are expressions by now. */
  readonly around?: readonly (readonly [start: number, end: number])[]
}

/** Where inputs are read: a function or a class. */
type ReadBy = Pick<CachedUse, 'seesProcess'>

/** Where nobody looked what the names around mean. */
export const anywhere: ReadBy = { seesProcess: false }

/** A definition whose value a function or class of another module depends on. */
export interface Given {
  readonly node: Node
  readonly by: ReadBy
  /** How that module names others. */
  readonly style: Style
}

export type Style = 'import' | 'require'

/** Places and names in a text that a compiler made of the source. */
export interface Elsewhere {
  /** Where a definition is, or a place in the same statement. */
  place(node: Node): number
  /** The expression that a name of the module has become. @param at where it stands in the source */
  name(name: string, at: number): string
}

/** What a stamped folder was when it was stamped, so that a partial rebuild of it is seen when it runs. */
export interface Seal {
  /** The path of the file in the folder, with `/`. */
  readonly own: string
  /** Of all files that the compiler wrote there. */
  readonly digest: string
}

/** The module that is written to. */
export interface StampedModule {
  readonly file: string
  readonly summary: ModuleSummary
  readonly layout: Layout
  /** Resolved: `unknown` of the layout is settled by the host. */
  readonly style: Style
  readonly text: string
  readonly stamped: readonly Stamped[]
  readonly classes: readonly StampedClass[]
  /** Functions among the options of its instances. */
  readonly shared: readonly StampedCode[]
  /** Where the bodies of its classes begin, by definition. */
  readonly bodies: ReadonlyMap<number, number>
  /** Definitions of this module whose values functions of other modules depend on, with those functions. */
  readonly given: readonly Given[]
  /** Set where the text is not that of the source, whose offsets the definitions have. */
  readonly emitted?: Elsewhere
  /** Set where the text is a file of a folder that compilers may rewrite in part. */
  readonly seal?: Seal | undefined
  /** Whether a finding of this code is switched off: the user answers for it. */
  isOff(code: 'impure-init'): boolean
  relative(file: string): string
}

/** What is imported from plumbing, with the local name it gets here. */
type Helper =
  | 'built'
  | 'through'
  | 'inherited'
  | 'ownBound'
  | 'ownFunction'
  | 'whole'
  | 'held'
  | 'putStamp'
  | 'stampCode'
  | 'stampMember'
  | 'stampDecorator'
  | 'snapshot'
  | 'putInput'
  | 'readInput'

const plumbing = '@autocache/core/plumbing'

/** The insertions of a module, in the order of their places. */
export function insertions(module: StampedModule): readonly Insertion[] {
  const { layout, text, stamped } = module
  const found: Insertion[] = []
  const helpers = new Map<Helper, string>()
  const prefix = freeName(text)
  const helper = (name: Helper): string => {
    helpers.set(name, `${prefix}${name}`)
    return `${prefix}${name}`
  }
  const own = new Snapshots(module, prefix, helper)

  for (const each of stamped) {
    const { use } = each
    const stamp = stampText(each, own, module.bodies)
    if (each.around) {
      const [start, end] = each.around
      found.push({ at: start, text: `${helper('stampDecorator')}(` }, { at: end, text: `,${stamp})` })
    } else if (use.form === 'decorator') found.push({ at: use.end, text: ` @${helper('stampMember')}(${stamp})` })
    else {
      const [start, end] = use.fn
      found.push({ at: start, text: `${helper('putStamp')}(${use.sequence ? '(' : ''}` })
      found.push({ at: end, text: `${use.sequence ? ')' : ''},${stamp})` })
    }
  }
  const listed = [...stamped.flatMap((each) => each.listed), ...module.shared]
  for (const { label, version, read, start, end, method, shorthand = method } of listed) {
    const parts = [...own.head(label, version), ...inputParts({ captures: [], ...anywhere }, read, own)]
    found.push({
      at: start,
      text: `${shorthand === undefined ? '' : `${shorthand}:`}${helper('stampCode')}(${method === undefined ? '' : '{'}`,
    })
    found.push({ at: end, text: `${method === undefined ? '' : `}.${method}`},{${parts.join()}})` })
  }
  for (const { source, label, version, read, around = [] } of module.classes) {
    for (const [start, end] of around)
      found.push({ at: start, text: `${helper('stampDecorator')}(` }, { at: end, text: ')' })
    for (const { name, start, end, bound, nameless } of source.given) {
      const from = bound === undefined || bound === name ? '' : `,{${keyOf(bound)}:0}`
      found.push({
        at: start,
        text: `${helper(bound === undefined ? 'ownFunction' : 'ownBound')}(this,{${keyOf(name)}:${nameless ? '(0,' : ''}`,
      })
      found.push({ at: end, text: `${nameless ? ')' : ''}}${from})` })
    }
    const names = [...new Set(source.given.filter(({ isStatic }) => !isStatic).map(({ name }) => `${keyOf(name)}:0`))]
    const parts = [...own.head(label, version), ...inputParts(source, read, own)]
    if (names.length > 0) parts.push(`given:{${names.join()}}`)
    const stamp = `{${[...parts, ...receiverParts(source.receiver, undefined, own)].join()}}`
    if (source.behind === undefined)
      found.push({ at: source.body, text: `static{${helper('putStamp')}(this,${stamp})}` })
    else {
      const name = own.variable(source.body)
      found.push({ at: source.body, text: `static{${helper('putStamp')}(this,${name}=${stamp})}` })
      found.push({ at: source.behind, text: `${helper('putStamp')}(${source.name},${name});` })
    }
  }
  for (const each of module.given) own.give(each)
  found.push(...own.insertions)
  if (found.length === 0) return []
  const names = [...helpers].sort(([a], [b]) => (a < b ? -1 : 1))
  const head =
    module.style === 'import'
      ? `import{${names.map(([name, local]) => `${name} as ${local}`).join()}}from"${plumbing}";`
      : `const{${names.map(([name, local]) => `${name}:${local}`).join()}}=require("${plumbing}");`
  // The first of all imports: in a cycle, code of this module may run before what it imports later.
  return [{ at: layout.head, text: head }, ...found.sort((a, b) => a.at - b.at)]
}

/** The start of a name that the text has nowhere. */
function freeName(text: string): string {
  let name = '_ac_'
  for (let count = 1; text.includes(name); count += 1) name = `_ac${count}_`
  return name
}

function stampText(
  { use, label, version, owner, read }: Stamped,
  own: Snapshots,
  bodies: StampedModule['bodies'],
): string {
  const parts = [...own.head(label, version), ...inputParts(use, read, own)]
  // Not every compiler of decorators leaves their expressions inside the class, where private names are known.
  const body = use.form === 'decorator' && use.owner !== undefined ? bodies.get(use.owner) : undefined
  const reader = (path: readonly string[]) => {
    if (use.lexical) return `()=>${member('this', path)}`
    return body === undefined ? readerOf(path) : own.inside(body, path)
  }
  parts.push(...receiverParts(use.receiver, owner, own, reader), `trailing:${quote(use.trailing)}`)
  return `{${parts.join()}}`
}

/** What a function or class reads that is neither an argument nor its receiver. */
function inputParts(by: Pick<CachedUse, 'captures' | 'seesProcess'>, read: readonly Node[], own: Snapshots): string[] {
  const { values, held } = own.readersOf(by, read)
  const readers = [...capturesOf(by.captures), ...values]
  return [
    ...(readers.length > 0 ? [`captures:[${readers.join()}]`] : []),
    ...(held.length > 0 ? [`held:${own.held()}([${held.join()}])`] : []),
  ]
}

const capturesOf = (captures: readonly Capture[]): readonly string[] =>
  captures.flatMap(({ name, paths }) => paths.map((path) => `()=>${member(name, path)}`))

const readerOf = (path: readonly string[]): string => `_=>${member('_', path)}`

/** @param owner the version of the class whose member calls its own members */
function receiverParts(
  { fields, inherits, calls, besides }: Receiver,
  owner: string | undefined,
  own: Snapshots,
  reader = readerOf,
): string[] {
  const parts: string[] = []
  const readers = fields.map(readerOf)
  const unless = inherits && own.inherited()
  if (besides) {
    const all = own.whole()
    const left = besides.length > 0 ? `(${besidesOf(besides)})` : ''
    readers.push(unless ? `_=>${left}(${all}(${unless}(_)))` : left ? `_=>${left}(${all}(_))` : all)
  } else if (unless) readers.push(unless)
  if (readers.length > 0) parts.push(`receiver:[${readers.join()}]`)
  if (calls.length === 0) return parts
  const list = calls.map(({ path, leaf }) => {
    const known = leaf ? ',true' : path.length === 0 && owner !== undefined && !inherits ? `,${quote(owner)}` : ''
    return `[${quote(member('this', path))},${reader(path)}${known}]`
  })
  return [...parts, `calls:${own.through()}([${list.join()}])`]
}

/** What is left of an object without some of it. */
function besidesOf(names: readonly string[]): string {
  const left = names.map((name, at) => `${keyOf(name)}:_${at}`)
  return `({${left.join()},..._})=>_`
}

/** A key of an object, which what mangles members mangles here too. */
const keyOf = (name: string): string => (isName.test(name) ? name : quote(name))

const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u

/** `ctx.user.id`. An `arguments` object is no value that a key takes; what it holds is. */
function member(base: string, path: readonly string[]): string {
  if (base === 'arguments' && path.length === 0) return '[...arguments]'
  return base + path.map((name) => (isName.test(name.replace(/^#/, '')) ? `.${name}` : `[${quote(name)}]`)).join('')
}

/** A text as JavaScript, on one line. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (sign) => (sign === '\u2028' ? '\\u2028' : '\\u2029'))

/** A read that means the same in every module: of a global that nothing here shadows. */
const isPlain = ({ expression }: EnvRead, { seesProcess }: ReadBy, style: Style): boolean => {
  const [, base] = /^(process|import\.meta)\??\.env(?:\??\.[\w$]+|(?:\?\.)?\["[^"\\]*"\])$/.exec(expression) ?? []
  return base === 'process' ? seesProcess : base !== undefined && style === 'import'
}

/** Readers as a stamp lists them. */
interface Readers {
  readonly values: readonly string[]
  /** Those of `held`. */
  readonly held: readonly string[]
}

/** The inputs of functions that belong to modules: what their initialisers read, and what they were made of (R05, R06). */
class Snapshots {
  readonly #module: StampedModule
  readonly #prefix: string
  readonly #helper: (name: Helper) => string
  readonly #own = new Map<string, string>()
  readonly #given = new Set<string>()
  readonly insertions: Insertion[] = []

  constructor(module: StampedModule, prefix: string, helper: (name: Helper) => string) {
    this.#module = module
    this.#prefix = prefix
    this.#helper = helper
  }

  /** What every stamp begins with. */
  head(label: string, version: string): string[] {
    const { seal } = this.#module
    const said = seal ? `get version(){return ${this.#checked(seal)}(${quote(version)})}` : `version:${quote(version)}`
    return [`contract:${stampContract}`, `label:${quote(label)}`, said]
  }

  /** What gives versions out as long as the folder is what it was. */
  #checked({ own, digest }: Seal): string {
    const name = `${this.#prefix}v`
    if (!this.#own.has(name)) {
      const where = this.#module.style === 'import' ? 'import.meta.url' : '__filename'
      const text = `const ${name}=${this.#helper('built')}(${where},${quote(own)},${quote(digest)});`
      this.insertions.push({ at: this.#module.layout.head, text })
      this.#own.set(name, name)
    }
    return name
  }

  /** The readers that a stamp has for what these definitions read, and for what they were made of. */
  readersOf(by: ReadBy, nodes: readonly Node[]): Readers {
    const { file, style } = this.#module
    /** By what is read, and not by how it is spelled: a respelling must not change the order of the values. */
    const live = new Map<string, string>()
    const values = new Set<string>()
    const held = new Set<string>()
    for (const node of nodes) {
      const isOwn = node.module.file === file
      for (const read of node.def.env) {
        if (!read.module && isPlain(read, by, style)) {
          const key = `${/^\w+/.exec(read.expression)?.[0]} ${read.name}`
          if (!live.has(key)) live.set(key, `()=>${this.#expression(read, node)}`)
        } else if (read.module && isOwn) values.add(this.#snapshot(node, this.#expression(read, node)))
        else values.add(this.#named(envName(this.#module, node, read), node, read))
      }
      if (!isImpure(this.#module, node)) continue
      for (const name of valuesOf(node)) {
        if (!isOwn) held.add(this.#named(valueName(this.#module, node, name), node))
        else held.add(name === undefined ? this.#unnamed(node) : `()=>${this.#name(name, node)}`)
      }
    }
    const sorted = [...live].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reader]) => reader)
    return { values: [...sorted, ...values], held: [...held] }
  }

  /** Makes the inputs of a definition of this module known to the others. */
  give({ node, by, style }: Given): void {
    for (const read of node.def.env) {
      if (!read.module && isPlain(read, by, style)) continue
      const name = envName(this.#module, node, read)
      const expression = this.#expression(read, node)
      if (read.module) this.#put(name, this.#snapshot(node, expression), this.#statement(node))
      else this.#put(name, `()=>${expression}`)
    }
    if (!isImpure(this.#module, node)) return
    for (const name of valuesOf(node)) {
      const input = valueName(this.#module, node, name)
      if (name === undefined) this.#put(input, this.#unnamed(node), this.#statement(node))
      else this.#put(input, `()=>${this.#name(name, node)}`)
    }
  }

  /** What has no name is another thing in every process. */
  #unnamed(node: Node): string {
    return this.#snapshot(node, `${this.#helper('readInput')}("")`)
  }

  /** A reader that reads when it is asked stands before everything, and so between no two overloads of a function. */
  #put(name: string, reader: string, at = this.#module.layout.head): void {
    if (this.#given.has(name)) return
    this.#given.add(name)
    this.insertions.push({ at, text: `${this.#helper('putInput')}(${quote(name)},${reader});` })
  }

  /** A reader by name; of this module, where a function cannot read the expression beside itself. */
  #named(name: string, node: Node, read?: EnvRead): string {
    if (node.module.file === this.#module.file && read) this.#put(name, `()=>${this.#expression(read, node)}`)
    return `()=>${this.#helper('readInput')}(${quote(name)})`
  }

  /** Reads the constant that holds a value as it was when the initialiser beside it ran. */
  #snapshot(node: Node, expression: string): string {
    // What is cached is evaluated where it stands, which need not be at the top.
    if (node.def.kind === 'cached') return `${this.#helper('snapshot')}(()=>${expression})`
    const at = this.#statement(node)
    const key = `${at} ${expression}`
    let name = this.#own.get(key)
    if (name === undefined) {
      name = `${this.#prefix}${this.#own.size}`
      this.#own.set(key, name)
      this.insertions.push({ at, text: `const ${name}=${this.#helper('snapshot')}(()=>${expression});` })
    }
    // The stamp may stand before it.
    return `()=>${name}()`
  }

  /** What reads values of modules; imported where there are some. */
  held(): string {
    return this.#helper('held')
  }

  /** What follows paths; imported where there are some. */
  through(): string {
    return this.#helper('through')
  }

  /** What an object holds. */
  whole(): string {
    return this.#helper('whole')
  }

  /** What counts of an object that uses members of a class elsewhere. */
  inherited(): string {
    return this.#helper('inherited')
  }

  /** A variable for a class, declared before it. */
  variable(place: number): string {
    const name = `${this.#prefix}${this.#own.size}`
    this.#own.set(name, name)
    this.insertions.push({ at: this.#before(place), text: `let ${name};` })
    return name
  }

  /** A reader of a private name, which is made inside the class. */
  inside(body: number, path: readonly string[]): string {
    if (!path.some((name) => name.startsWith('#'))) return readerOf(path)
    const name = this.variable(body)
    this.insertions.push({ at: body, text: `static{${name}=${readerOf(path)}}` })
    return `_=>${name}(_)`
  }

  /** A name of this module, as the text writes it. */
  #name(name: string, { def }: Node): string {
    return this.#module.emitted?.name(name, def.start) ?? name
  }

  #expression({ expression }: EnvRead, node: Node): string {
    const [head] = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(expression) ?? []
    if (head === undefined || !this.#module.emitted || /^(?:process|import|globalThis)$/.test(head)) return expression
    return this.#name(head, node) + expression.slice(head.length)
  }

  #statement(node: Node): number {
    return this.#before(this.#module.emitted?.place(node) ?? node.def.start)
  }

  #before(place: number): number {
    const { statements, head } = this.#module.layout
    return statements.findLast((start) => start <= place) ?? head
  }
}

/** Whether the value of a definition differs from process to process, and nobody said that this is all right. */
const isImpure = (module: StampedModule, { def }: Node): boolean =>
  !module.isOff('impure-init') && def.findings.some(({ code }) => code === 'impure-init')

/** The names that a definition gives values to; `undefined` for a value that has none. */
function valuesOf({ module, def }: Node): readonly (string | undefined)[] {
  const { definitions, names } = module.summary
  const made =
    def.kind === 'statement'
      ? def.slots.flatMap(({ to, use }) => ('def' in to && use & (Use.assign | Use.write) ? [to.def] : []))
      : [definitions.indexOf(def)]
  const found = Object.entries(names).filter(
    ([name, target]) => name !== 'default' && 'def' in target && made.includes(target.def),
  )
  return found.length > 0 || def.kind === 'statement' ? found.map(([name]) => name) : [undefined]
}

/** A name for an input: of the file and what is read there, and of nothing that a machine or a build adds. */
const inputName = (...parts: readonly string[]): string => digestOf(JSON.stringify(parts)).slice(0, 16)

const envName = ({ relative }: StampedModule, { module, def }: Node, read: EnvRead): string =>
  inputName(relative(module.file), def.name, read.module ? 'once' : 'live', read.expression)

const valueName = ({ relative }: StampedModule, { module, def }: Node, name: string | undefined): string =>
  inputName(relative(module.file), 'value', name ?? def.digest)

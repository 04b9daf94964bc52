/**
 * What one source file says, independent of every other file and of where it lies. A summary is plain data, so that it
 * can be kept on disk under the digest of the text; `link.ts` and `graph.ts` join summaries to versions.
 */
import type { Finding } from './diagnostics.ts'

/** How a reference is used; a slot may have several of these. */
export const Use = {
  /** `X()`, `new X()`, a tag: the code of X runs here. */
  call: 1,
  /** X is mutated for certain: a member assigned or deleted, or a known mutator called, here or through a local alias. */
  write: 2,
  /** X may be mutated: the receiver of a method call. */
  method: 4,
  /** X may be mutated: an argument of a call. */
  argument: 8,
  /** X may be mutated: it flows into a local variable of code that runs with the module. */
  flow: 16,
  /** The binding itself is assigned. */
  assign: 32,
  /** X is used other than as the function of a call: its properties could be read. */
  value: 64,
  /** The reference stands in a nested function: it does not run when the definition is evaluated. */
  inner: 128,
  /** X becomes a text: if it is a function of ours, its source can be observed. */
  text: 256,
  /** X is the receiver of a call `X.m()`, where X is a member of a namespace: `this` is the namespace. */
  receiver: 512,
  /** The assignment is `X ??= value`: written once. */
  once: 1024,
  /** The class at a receiver's path, known by its declared type only (R04). */
  declared: 2048,
} as const

/** What a slot refers to. */
export type Target =
  /** A definition of the same module; `pick` is the place of the binding in a destructuring declarator. */
  | { readonly def: number; readonly pick?: number }
  /** An export of the module requested; `default`, `*` for the namespace, `export=` for `import x = require()`. */
  | { readonly request: number; readonly name: string }
  /** A setting of the compiler that decides what the code means. */
  | { readonly option: 'fields' | 'decorators' | 'metadata' | 'jsx' }

/** A reference from one definition to another, in the order of the canonical stream. */
export interface Slot {
  readonly to: Target
  /** Bits of {@link Use}. */
  readonly use: number
  /** Offset in the source. */
  readonly at: number
  /** Static members read from it: `['k']` of `config.k`. For a namespace the first is not in the stream. */
  readonly path?: readonly string[]
  /** The method called on it, with {@link Use.method}. */
  readonly method?: string
  /** The call it is an argument of: the slot of its function, if that is one, and the place. */
  readonly call?: readonly [slot: number, place: number]
  /** The argument holds it, under this name of an object literal, or somehow (`true`): only what is done to that concerns it. */
  readonly held?: string | true
  /**
   * It stands in no stream, and counts only where the setting `emitDecoratorMetadata` is on, or where the class is one that
   * a cached function calls through (R04): then the types of its own fields say what it calls in turn.
   */
  readonly only?: 'metadata' | 'declared'
}

/** What a module-level name, or a statement of the module, says. */
export interface Definition {
  /** The name in the source, for people: it is in no version. */
  readonly name: string
  readonly kind: 'value' | 'function' | 'class' | 'enum' | 'namespace' | 'statement' | 'cached'
  readonly start: number
  readonly end: number
  /** Digest of the canonical stream, with holes for the slots. */
  readonly digest: string
  /** Digest of the names of its functions, joined where a closure observes `.name`. */
  readonly names: string
  /** Digest of which of its functions can be constructed, joined where a closure observes that. */
  readonly kinds: string
  /** Digest of its source text, joined where a closure observes the text of its functions. */
  readonly text: string
  readonly slots: readonly Slot[]
  /** What it does with the closure: reads names, constructability (closure-wide flags). */
  readonly observes: number
  /** It does something when the module is evaluated: a statement, or an initialiser with a call, an assignment, ... */
  readonly runs: boolean
  /** What the value is, as far as its initialiser shows. */
  readonly shape: 'function' | 'cached' | 'class' | 'array' | 'map' | 'set' | 'primitive' | 'object' | 'unknown'
  /** Nothing shows which function its value is, if it is one. */
  readonly dynamic: boolean
  /** A function that reads `this`: a call through a namespace hands it one. */
  readonly usesThis: boolean
  /** Names of free globals that it reads; `globalThis.y` reads `y`. */
  readonly globals: readonly string[]
  /** Names of free globals that it, or a member of them, assigns: `[name, evaluated with the module]`. */
  readonly globalWrites: readonly (readonly [name: string, top: boolean])[]
  /** Places of parameters that the function mutates. */
  readonly mutates: readonly number[]
  /** Parameters of which it mutates what they hold, with the member: `[0, 'items']` for `a.items.push(x)`. */
  readonly deepens: readonly (readonly [parameter: number, member: string])[]
  /** Parameters it passes on, and how the argument holds them, as in {@link Slot.held}. */
  readonly passes: readonly (readonly [parameter: number, slot: number, place: number, held?: string | true])[]
  /** Members of an object literal, or of instances of a class, that leave what they are called on as it is. */
  readonly calm: readonly string[]
  /** The class that it is an instance of: `new Calculator()`. */
  readonly made?: Target
  /** Static env reads: `process.env.X`. */
  readonly env: readonly EnvRead[]
  readonly findings: readonly Finding[]
}

/** Bits of {@link Definition.observes}. */
export const Observe = { names: 1, kinds: 2 } as const

export interface EnvRead {
  readonly name: string
  /** The expression as the source writes it, so that a bundler's `define` still applies. */
  readonly expression: string
  /** Read when the module is evaluated, and not for each call (R05). */
  readonly module: boolean
}

/** A module named by this one, in source order. */
export interface Request {
  readonly specifier: string
  readonly kind: 'import' | 'dynamic' | 'require' | 'asset' | 'glob' | 'type'
  /** `import './x'`: for its effects alone. */
  readonly bare: boolean
  /** No value of it is used, so that compilers of TypeScript may leave the import out, and evaluate nothing. */
  readonly elidable?: true
  readonly at: number
}

/** An import binding that stands where a wrapper could, and whether the summary took it for one. */
export interface Candidate {
  readonly request: number
  readonly name: string
  /** The member called: `cached` of `cache.cached(...)`, or nothing for `cached(...)`. */
  readonly member: string | undefined
  readonly taken: boolean
}

/** A use of `cached`, found by binding. */
export interface CachedUse {
  /** The label in the key: the option `name` where it is written out, else {@link path}. */
  readonly label: string
  /** The names it stands under: `getUser`, `UserService.find`. */
  readonly path: string
  readonly form: 'call' | 'decorator'
  /** The definition whose version this function has. */
  readonly root: Target
  /** The definition of the option `key`, whose source is part of the version (R07). */
  readonly key: number | undefined
  /** The call or decorator. */
  readonly start: number
  readonly end: number
  /** The function, or the method with its decorators. */
  readonly fn: readonly [start: number, end: number]
  /** The class of a decorated method. */
  readonly owner: number | undefined
  readonly captures: readonly Capture[]
  readonly receiver: Receiver
  /** A missing trailing argument is the same as `undefined`: no rest parameter, no `arguments`. */
  readonly trailing: 'drop' | 'keep'
  /** `this` of the function is that of the place where it stands, whatever it is called on. */
  readonly lexical: boolean
  /** Functions among its options that join its version by versions of their own: `key`, and those listed in `deps`. */
  readonly listed: readonly ListedCode[]
  /** The function is a sequence: `cached((a, b))`. */
  readonly sequence: boolean
  /** `process` is here what it is everywhere, so that a read of the environment may be written beside it. */
  readonly seesProcess: boolean
  /** Which function it is, only the running program knows: it has no stamp. */
  readonly dynamic: boolean
  /** The user gives its version. */
  readonly pinned: boolean
  readonly findings: readonly Finding[]
}

/** A class, which may be behind what a cached function calls through (R04). */
export interface ClassSource {
  /** The name of the class, or of the constant that holds it. */
  readonly name: string
  readonly def: number
  /** Where its body begins. */
  readonly body: number
  /** Where it ends, if it has decorators, one of which may put another class in its place. */
  readonly behind: number | undefined
  /** It has members that run, or may inherit some. */
  readonly runs: boolean
  /** It has a `[cacheKey]`. */
  readonly hook: boolean
  /** What its members read and call through `this`. */
  readonly receiver: Receiver
  /** What they read of the functions around it. */
  readonly captures: readonly Capture[]
  /** As of {@link CachedUse}. */
  readonly seesProcess: boolean
  /** Functions that it gives to its objects, under names of theirs. */
  readonly given: readonly GivenFunction[]
}

/** `rate = (n) => n * this.k`, or `this.load = this.find.bind(this)`. */
export interface GivenFunction {
  readonly name: string
  /** The function, or the call that binds it. */
  readonly start: number
  readonly end: number
  /** To the class itself. */
  readonly isStatic: boolean
  /** The method that it binds. */
  readonly bound: string | undefined
  /** It is assigned, as tsc writes fields for older targets, and gets no name from that. */
  readonly nameless?: boolean
}

/** Where a module can be written to, for stamps. */
export interface Layout {
  /** What names another module: `import`, `require`, or what the nearest package.json says. */
  readonly style: 'import' | 'require' | 'unknown'
  /** Where the statements begin that are no directives, decorators included. */
  readonly statements: readonly number[]
  /** Where the text ends that is no statement, or where the first one begins. */
  readonly head: number
}

/** A function among the options. */
export interface ListedCode {
  readonly label: string
  readonly root: Target
  /** The expression; of a method, `key(user) { ... }`, all of it. */
  readonly start: number
  readonly end: number
  /** The name of the method that it is. */
  readonly method: string | undefined
  /** The name of the property that it is in short: `{ key }`. */
  readonly shorthand?: string
}

/** A variable of an enclosing function that the cached function reads (R05). */
export interface Capture {
  readonly name: string
  /** The paths read from it; one empty path when it is used whole. */
  readonly paths: readonly (readonly string[])[]
}

/** What a function reads and calls through `this` (R03, R04). */
export interface Receiver {
  /** Data read: `rate` of `this.rate`. */
  readonly fields: readonly (readonly string[])[]
  /** Members of a class elsewhere are used: all of `this` counts, where a class of it has no stamp that tells what they read. */
  readonly inherits?: true
  /** Set where members of a class hand `this` on: all that it holds counts, but for the members of these names. */
  readonly besides?: readonly string[]
  /** Objects called through: `[]` for `this.total()`, `['repo']` for `this.repo.find()`. */
  readonly calls: readonly {
    readonly path: readonly string[]
    /** Where its declared type comes from, if that is a class or a package. */
    readonly type?: Target
    /** What made it, where no type is declared: `createClient` of `client = createClient()`. It says whether that is a package. */
    readonly from?: Target
    /** That is a package, whose identity is in the version. */
    readonly leaf?: boolean
    /** It is read and not called through: it counts as long as it is one of a package, and is data otherwise. */
    readonly handed?: boolean
  }[]
}

/** How a module exports a name. */
export type Exports = Readonly<Record<string, Target>>

export interface ModuleSummary {
  readonly requests: readonly Request[]
  readonly definitions: readonly Definition[]
  /** Null-prototype safe: built with `Object.create(null)`, read with `Object.hasOwn`. */
  readonly exports: Exports
  /** Module-level names, exported or not, for labels and `versionOf`. */
  readonly names: Exports
  /** Requests of `export * from`. */
  readonly stars: readonly number[]
  readonly uses: readonly CachedUse[]
  readonly classes: readonly ClassSource[]
  /** Functions among the options of instances, which are options of every function that an instance caches. */
  readonly shared: readonly ListedCode[]
  readonly layout: Layout
  readonly candidates: readonly Candidate[]
  /** Exported or module-level names that are instances (`createAutocache()`) or wrappers (`cached` of one). */
  readonly wrappers: Readonly<Record<string, 'instance' | 'wrapper'>>
  /** A CommonJS module: any export is the whole of it. */
  readonly commonjs: boolean
  /** Syntax errors and whatever else belongs to no definition. The digest of the bytes then stands for every export. */
  readonly findings: readonly Finding[]
  /** Set where the file could not be understood: the digest of its text is the version of all it exports. */
  readonly opaque: string | undefined
}

/** The plugin of Rollup, Rolldown and Vite, which have these hooks in common. Each shell adds what only its host has. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { manifestFile } from '@autocache/compiler'
import { type Finding, findingsOf } from './findings.ts'
import { isFirstParty, isSource, type Living, livingOf, real, unstamped } from './living.ts'
import type { ShellOptions } from './options.ts'

/** What the hooks use of the context they are called in. */
export interface HookContext {
  warn(log: HostLog): void
  error(log: HostLog): never
  addWatchFile(file: string): void
}

/** A message in the format of these hosts: columns count from 0. */
export interface HostLog {
  readonly message: string
  readonly id: string
  readonly pluginCode: string
  readonly loc: { readonly file: string; readonly line: number; readonly column: number }
}

/** A stamped module. */
export interface Output {
  readonly code: string
  readonly map: string
}

/** The name of the plugin in every host. */
export const pluginName = 'autocache'

/** The hooks that the hosts have in common. */
export interface CommonHooks {
  readonly name: string
  buildStart(): void
  transform: { readonly order: 'pre'; handler(this: HookContext, code: string, id: string): Output | undefined }
  /** Rollup, in watch mode: whether a module whose text is the same must be transformed again. */
  shouldTransformCachedModule(this: unknown, module: { readonly id: string }): boolean
  watchChange(id: string): void
  closeBundle(): void
}

/** A plugin over one analysis, which `open` gives when the host knows its root. */
export class Shell {
  readonly options: ShellOptions
  #living: Living | undefined
  /** What each module was built with last, by environment and id. */
  readonly built = new Map<string, string>()
  root: string

  constructor(options: ShellOptions) {
    this.options = options
    this.root = resolve(options.root ?? process.cwd())
  }

  /** What only a host's configuration says, once it is known. */
  more: Partial<ShellOptions> = {}

  get living(): Living {
    return (this.#living ??= livingOf({ ...this.options, ...this.more, root: this.root }))
  }

  /** The file of an id, if it is a source of the user. What has a query is made from it by somebody else. */
  fileOf(id: string): string | undefined {
    if (this.options.enabled === false || id.startsWith('\0') || /[?#]/.test(id.slice(1))) return undefined
    return isSource(id) && isFirstParty(this.living.root, real(id)) ? id : undefined
  }

  transform(context: HookContext, code: string, id: string, environment = ''): Output | undefined {
    const file = this.fileOf(id)
    if (file === undefined) return undefined
    const stamped = this.living.transform(code, file)
    this.built.set(`${environment}\0${id}`, stamped?.fingerprint ?? unstamped)
    if (stamped === undefined) return undefined
    for (const reached of stamped.reached) if (reached !== real(file)) context.addWatchFile(reached)
    this.report(context, findingsOf(stamped, this.living.root, this.options), id)
    return { code: stamped.code, map: String(stamped.map) }
  }

  /** Whether a module would be stamped otherwise now than when it was built. */
  isOutdated(id: string, environment = ''): boolean {
    const built = this.built.get(`${environment}\0${id}`)
    const file = built === undefined ? undefined : this.fileOf(id)
    return file !== undefined && this.living.fingerprint(file) !== built
  }

  report(context: HookContext, findings: readonly Finding[], id: string): void {
    const logs = findings.map(({ text, file, line, column, code }) => ({
      message: text,
      id,
      pluginCode: code,
      loc: { file, line, column: column - 1 },
    }))
    const fails = findings.filter((finding) => finding.fails).length
    for (const log of logs.slice(fails)) context.warn(log)
    const [first, ...rest] = logs.slice(0, fails)
    if (first === undefined) return
    // A host stops at the first error: it names the others.
    const others = rest.map(({ message, loc }) => `${loc.file}:${loc.line}:${loc.column + 1}: ${message}`)
    context.error({ ...first, message: [first.message, ...others].join('\n') })
  }

  writeManifest(): void {
    const { manifest, enabled } = this.options
    if (!manifest || enabled === false) return
    writeFileSync(resolve(this.root, manifest === true ? manifestFile : manifest), this.living.manifest())
  }
}

/** The hooks that Rollup, Rolldown and Vite have in common. */
export function commonHooks(shell: Shell): CommonHooks {
  return {
    name: pluginName,
    buildStart: () => shell.living.check(),
    transform: {
      order: 'pre',
      handler(code, id) {
        return shell.transform(this, code, id)
      },
    },
    shouldTransformCachedModule: ({ id }) => shell.isOutdated(id),
    watchChange: (id) => shell.living.update([id]),
    closeBundle: () => shell.writeManifest(),
  }
}

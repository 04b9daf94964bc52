/**
 * The identity of a package as a leaf of a version: what is installed when the lockfile is followed.
 *
 * The lockfile is asked first, as it says the same on every machine and of an old revision without node_modules. What is
 * installed only confirms it: where the two disagree, the version of a function would be that of code which does not
 * run, so that is an error, and the content that is installed counts. What no lockfile fixes counts by its content too.
 */
import type { DiagnosticCode } from './diagnostics.ts'
import { digestOf, joinPath, type Lockfile, LockIdentities } from './lock-graph.ts'
import { agrees, nodesFor, StaleCheck } from './lock-match.ts'
import { member, text } from './lock-syntax.ts'
import { absoluteAbove, createLockfiles, type FoundLockfile, relativeTo, within } from './lockfiles.ts'
import {
  contentIdentity,
  findInstalled,
  folderDigest,
  type InstalledPackage,
  installedAt,
  packageFolderOf,
  parentOf,
} from './package-content.ts'
import { generatedBeside } from './package-generated.ts'
import { type HostOptions, PackageHost, slashed } from './package-host.ts'
import { type Patches, patchesFor } from './patches.ts'

/** How much of a package joins the version; the default is its lockfile entry and those of all it depends on. */
export type PackageMode = 'content' | 'version' | 'ignore'

/** A finding about a package; the import that names the package is its place. */
export interface PackageFinding {
  readonly code: DiagnosticCode
  /** What happened and what to do, without absolute paths. */
  readonly what: string
}

export interface PackageIdentity {
  /** The name imported; an alias keeps its own. */
  readonly name: string
  readonly version?: string
  /** Equal texts: equal code behind the import. */
  readonly identity: string
  /** Where the identity comes from; `none` for first-party folders, ignored packages and what was found nowhere. */
  readonly source: 'lockfile' | 'installed' | 'content' | 'none'
  /** A workspace, `link:` or `file:` folder: its sources are hashed, not this identity. */
  readonly firstParty?: true
  /** The absolute folder of a first-party package. */
  readonly folder?: string
  readonly findings: readonly PackageFinding[]
}

export interface PackageIndexOptions extends HostOptions {
  /** The absolute root of the project. */
  readonly root: string
  readonly config?: { readonly packages?: Readonly<Record<string, PackageMode>> }
  /** Told each finding once, as it is made, besides the result that carries it. */
  readonly findings?: (finding: PackageFinding) => void
}

export interface PackageIndex {
  /** `importer` and `resolvedFile` are absolute. Never throws. */
  identify(name: string, importer: string, resolvedFile?: string): PackageIdentity
  /** Absolute paths of all files read so far. */
  readonly inputs: ReadonlySet<string>
}

export { readFromDisk } from './package-host.ts'

export function createPackageIndex(options: PackageIndexOptions): PackageIndex {
  const index = new Index(options)
  return { identify: (name, importer, resolved) => index.identify(name, importer, resolved), inputs: index.inputs }
}

/** What the lockfile leads an import to. */
interface Locked {
  readonly found: FoundLockfile
  readonly lock: Lockfile
  readonly nodes: readonly number[]
}

class Index {
  readonly #host: PackageHost
  readonly #stale = new StaleCheck()
  readonly #options: PackageIndexOptions
  readonly #root: string
  readonly #lockfiles: ReturnType<typeof createLockfiles>
  readonly #results = new Map<string, PackageIdentity>()
  readonly #identities = new Map<Lockfile, Map<string, LockIdentities>>()
  readonly #patches = new Map<string, Patches>()
  readonly #contents = new Map<string, string>()
  readonly #told = new Set<string>()

  constructor(options: PackageIndexOptions) {
    this.#options = options
    this.#root = slashed(options.root)
    this.#host = new PackageHost(options)
    this.#lockfiles = createLockfiles(this.#host, this.#root)
  }

  get inputs(): ReadonlySet<string> {
    return this.#host.inputs
  }

  identify(name: string, importer: string, resolvedFile?: string): PackageIdentity {
    const from = parentOf(slashed(importer))
    const resolved = resolvedFile === undefined ? undefined : slashed(resolvedFile).replace(/\?[^/]*$/, '')
    const key = `${name}\n${from}\n${resolved ?? ''}`
    let result = this.#results.get(key)
    if (result === undefined) {
      result = this.#identify(name, from, resolved)
      this.#results.set(key, result)
      for (const finding of result.findings) {
        const text = `${finding.code}\n${finding.what}`
        if (this.#told.has(text)) continue
        this.#told.add(text)
        this.#options.findings?.(finding)
      }
    }
    return result
  }

  #identify(name: string, from: string, resolved: string | undefined): PackageIdentity {
    const mode = this.#mode(name)
    if (mode === 'ignore') return { name, identity: digestOf(['ignored', name]), source: 'none', findings: [] }

    const place = resolved === undefined ? undefined : packageFolderOf(resolved)
    if (resolved !== undefined && place === undefined && within(this.#root, resolved)) {
      return this.#firstParty(name, this.#folderOf(resolved))
    }
    // A file outside node_modules and the root says nothing about what is installed.
    const installed =
      place === undefined ? findInstalled(name, from, this.#host) : installedAt(place.folder, place.name, this.#host)
    const chain = this.#lockfiles.above(from)
    const damaged = chain.find(({ lock }) => lock === undefined)
    const locked = this.#locked(name, from, installed, place !== undefined, chain)
    const findings: PackageFinding[] = []

    if (locked !== undefined) {
      const { found, lock } = locked
      const local = locked.nodes.map((node) => lock.nodes[node]!).find((node) => node.folder !== undefined)
      if (local !== undefined) return this.#firstParty(name, joinPath(found.folder, local.folder!), installed)
      if (installed !== undefined && this.#isLinked(installed.folder))
        return this.#firstParty(name, this.#host.real(installed.folder))
      const agreeing =
        installed === undefined ? locked.nodes : locked.nodes.filter((node) => agrees(lock.nodes[node]!, installed))
      if (agreeing.length > 0) {
        if (mode === 'content' && installed !== undefined) return this.#byContent(name, installed, resolved, findings)
        const stale = mode === 'version' ? undefined : this.#staleIn(locked, agreeing)
        if (stale === undefined)
          return this.#byLock(name, from, { ...locked, nodes: agreeing }, installed, mode, 'lockfile', findings)
        findings.push({
          code: 'lockfile-mismatch',
          what: `${name} depends on ${stale}, as ${this.#label(found.file)} has it, but another version of it is installed: install again`,
        })
        const hidden = this.#hidden(name, from, installed)
        return hidden === undefined
          ? this.#byContent(name, installed!, resolved, findings)
          : this.#byLock(name, from, hidden, installed, mode, 'installed', findings)
      }
      const wanted = [...new Set(locked.nodes.map((node) => lock.nodes[node]!))]
      findings.push({
        code: 'lockfile-mismatch',
        what: `${name} is ${installed!.version || 'of no version'} in node_modules, but ${wanted.map((node) => `${node.name === name ? '' : `${node.name}@`}${node.version}`).join(' or ')} in ${this.#label(found.file)}: install again`,
      })
      return this.#byContent(name, installed!, resolved, findings)
    }

    const own = this.#selfReference(name, from)
    if (installed === undefined) {
      if (own !== undefined) return this.#firstParty(name, own)
      if (resolved !== undefined && place === undefined) return this.#firstParty(name, this.#folderOf(resolved))
      if (damaged !== undefined) findings.push(this.#damage(damaged))
      findings.push({ code: 'unresolved', what: `${name} is neither in a lockfile nor installed` })
      return { name, identity: digestOf(['missing', name]), source: 'none', findings }
    }
    if (this.#isLinked(installed.folder)) return this.#firstParty(name, this.#host.real(installed.folder))
    if (damaged !== undefined) findings.push(this.#damage(damaged))
    if (chain.length === 0) {
      findings.push({ code: 'no-lockfile', what: name })
    } else if (damaged === undefined && !name.startsWith('.')) {
      findings.push({
        code: 'no-lockfile',
        what: `${name} is installed, but not in ${this.#label(chain[0]!.file)}: its content counts`,
      })
    }
    const hidden =
      mode === 'content' || name.startsWith('.') || (chain.length > 0 && damaged === undefined)
        ? undefined
        : this.#hidden(name, from, installed)
    return hidden === undefined
      ? this.#byContent(name, installed, resolved, findings)
      : this.#byLock(name, from, hidden, installed, mode, 'installed', findings)
  }

  #firstParty(name: string, folder: string, installed?: InstalledPackage): PackageIdentity {
    const content = (): string => {
      const copy = installed !== undefined && !this.#isLinked(installed.folder) ? installed : undefined
      const own = copy ?? installedAt(folder, name, this.#host)
      return own === undefined ? digestOf(['missing', name]) : this.#content(own, undefined)
    }
    return {
      name,
      /** Asked for only where a copy of the folder is taken for a package. */
      get identity() {
        return content()
      },
      source: 'none',
      firstParty: true,
      folder,
      findings: [],
    }
  }

  #mode(name: string): PackageMode | undefined {
    return member(this.#options.config?.packages, name) as PackageMode | undefined
  }

  /** The nearest lockfile that knows the package; one that cannot be read hides those above it. */
  #locked(
    name: string,
    from: string,
    installed: InstalledPackage | undefined,
    exact: boolean,
    chain: readonly FoundLockfile[],
  ): Locked | undefined {
    for (const found of chain) {
      const { lock, folder } = found
      if (lock === undefined) return undefined
      const nodes = nodesFor(name, relativeTo(folder, from), installed, exact, found)
      if (nodes.length > 0) return { found, lock, nodes }
    }
    return undefined
  }

  /** What the manager noted of what it installed. */
  #hidden(name: string, from: string, installed: InstalledPackage | undefined): Locked | undefined {
    for (const above of absoluteAbove(from)) {
      const found = this.#lockfiles.hidden(above)
      if (found?.lock === undefined) continue
      const { lock } = found
      const nodes = nodesFor(name, relativeTo(above, from), installed, false, found).filter(
        (node) =>
          lock.nodes[node]!.folder === undefined && (installed === undefined || agrees(lock.nodes[node]!, installed)),
      )
      if (nodes.length > 0) return { found, lock, nodes }
    }
    return undefined
  }

  #staleIn({ found, lock }: Locked, nodes: readonly number[]): string | undefined {
    const hidden = this.#lockfiles.hidden(found.folder)
    return hidden && this.#stale.find(found, hidden, nodes, this.#identitiesOf(lock, undefined))
  }

  #byLock(
    name: string,
    from: string,
    { found, lock, nodes }: Locked,
    installed: InstalledPackage | undefined,
    mode: PackageMode | undefined,
    source: 'lockfile' | 'installed',
    findings: readonly PackageFinding[],
  ): PackageIdentity {
    const identities = this.#identitiesOf(lock, this.#patchesAt(found.folder, from))
    const texts = nodes.map((node) => (mode === 'version' ? identities.own(node) : identities.closure(node)))
    const generated =
      mode === 'version' || installed === undefined
        ? []
        : generatedBeside(
            installed,
            this.#host.real(installed.folder),
            new Set(nodes.flatMap((node) => identities.reach(node).map((at) => lock.nodes[at]!.name))),
            this.#host,
            (generated) => this.#content(generated, undefined),
          )
    const unique = [...new Set(texts)].sort()
    const identity =
      unique.length === 1 && generated.length === 0 ? unique[0]! : digestOf(['several', ...unique, '', ...generated])
    const version = lock.nodes[nodes[0]!]!.version || installed?.version || ''
    return { name, ...(version === '' || nodes.length > 1 ? {} : { version }), identity, source, findings }
  }

  #byContent(
    name: string,
    installed: InstalledPackage,
    resolved: string | undefined,
    findings: readonly PackageFinding[],
  ): PackageIdentity {
    const identity = this.#content(installed, resolved)
    return {
      name,
      ...(installed.version === '' ? {} : { version: installed.version }),
      identity,
      source: 'content',
      findings,
    }
  }

  #content(installed: InstalledPackage, resolved: string | undefined): string {
    const entry = resolved !== undefined && this.#host.read(resolved) !== undefined ? resolved : undefined
    const key = `${installed.folder}\n${entry ?? ''}`
    let identity = this.#contents.get(key)
    if (identity === undefined) {
      identity = contentIdentity(installed, entry, {
        files: this.#host,
        root: this.#root,
        // Where links lead matters: with pnpm, the dependencies lie beside the real folder.
        installed: (name, importer) => findInstalled(name, parentOf(this.#host.real(importer)), this.#host),
        known: (name, importer) => this.#knownWithoutContent(name, parentOf(this.#host.real(importer))),
      })
      this.#contents.set(key, identity)
    }
    return identity
  }

  /** Overrides and locked packages; anything else is read on, so that packages that import each other need no order. */
  #knownWithoutContent(name: string, from: string): string | undefined {
    const mode = this.#mode(name)
    if (mode === 'ignore') return digestOf(['ignored', name])
    if (mode === 'content' || name.startsWith('.')) return undefined
    const installed = findInstalled(name, from, this.#host)
    const chain = this.#lockfiles.above(from)
    const locked =
      chain.length === 0 ? this.#hidden(name, from, installed) : this.#locked(name, from, installed, false, chain)
    const nodes = (locked?.nodes ?? []).filter(
      (node) =>
        locked!.lock.nodes[node]!.folder === undefined &&
        (installed === undefined || agrees(locked!.lock.nodes[node]!, installed)),
    )
    return nodes.length === 0
      ? undefined
      : this.#byLock(name, from, { ...locked!, nodes }, undefined, mode, 'lockfile', []).identity
  }

  #patchesAt(folder: string, from: string): Patches {
    const key = `${folder}\n${from}`
    let patches = this.#patches.get(key)
    if (patches === undefined) {
      const folders: string[] = []
      for (const above of absoluteAbove(within(folder, from) ? from : folder)) {
        if (!above.includes('/node_modules')) folders.push(above)
        if (above === folder) break
      }
      patches = patchesFor(this.#host, folder, folders.reverse())
      this.#patches.set(key, patches)
    }
    return patches
  }

  #identitiesOf(lock: Lockfile, patches: Patches | undefined): LockIdentities {
    const byPatches = this.#identities.get(lock) ?? new Map<string, LockIdentities>()
    this.#identities.set(lock, byPatches)
    const key = patches?.key ?? '-'
    let identities = byPatches.get(key)
    if (identities === undefined) {
      identities = new LockIdentities(lock.nodes, (node) => {
        if (patches === undefined) return []
        return node.folder === undefined
          ? patches.of(node)
          : [folderDigest(joinPath(patches.folder, node.folder), this.#host)]
      })
      byPatches.set(key, identities)
    }
    return identities
  }

  #selfReference(name: string, from: string): string | undefined {
    for (const above of absoluteAbove(from)) {
      const json = installedAt(above, '', this.#host)?.json
      if (json !== undefined) return text(member(json, 'name')) === name ? above : undefined
    }
    return undefined
  }

  #folderOf(file: string): string {
    for (const above of absoluteAbove(parentOf(file))) {
      if (this.#host.read(joinPath(above, 'package.json')) !== undefined) return above
    }
    return parentOf(file)
  }

  #isLinked(folder: string): boolean {
    return !/\/node_modules\//.test(this.#host.real(folder))
  }

  #damage(found: FoundLockfile): PackageFinding {
    const label = this.#label(found.file)
    return found.file.endsWith('.lockb')
      ? { code: 'no-lockfile', what: `${label}: ${found.damage}` }
      : { code: 'unreadable', what: `${label} cannot be read: ${found.damage}; what is installed counts` }
  }

  #label(file: string): string {
    if (within(this.#root, file)) return relativeTo(this.#root, file)
    return file.slice(file.lastIndexOf('/') + 1)
  }
}

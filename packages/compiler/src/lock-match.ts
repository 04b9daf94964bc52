/** Whether what a lockfile says and what is installed are the same. */
import type { Lockfile, LockIdentities, LockNode } from './lock-graph.ts'
import { member, text } from './lock-syntax.ts'
import { type FoundLockfile, relativeTo, within } from './lockfiles.ts'
import type { InstalledPackage } from './package-content.ts'

/** What a lockfile leads to, in the light of where the host found the package. */
export function nodesFor(
  name: string,
  folder: string,
  installed: InstalledPackage | undefined,
  exact: boolean,
  found: FoundLockfile,
): readonly number[] {
  const lock = found.lock!
  const at =
    installed !== undefined && within(found.folder, installed.folder)
      ? relativeTo(found.folder, installed.folder)
      : undefined
  const nodes = lock.find(name, folder, at)
  if (!exact || installed === undefined || installed.name === name) return nodes
  // The host's own alias leads to a package of another name; that of the lockfile to one whose real name it is.
  const same = nodes.filter(
    (node) => lock.nodes[node]!.name === installed.name || lock.nodes[node]!.folder !== undefined,
  )
  return same.length > 0 ? same : lock.find(installed.name, folder, at)
}

/** Whether what is installed is what the lockfile says, as far as it says it. */
export function agrees(node: LockNode, installed: InstalledPackage): boolean {
  const name = text(member(installed.json, 'name'))
  if (installed.json === undefined) return node.version === ''
  if (node.version !== '' && node.version !== installed.version) return false
  return !node.registry || name === '' || name === node.name
}

/**
 * Finds a package of a closure of which only other versions are installed, as the manager itself noted what it
 * installed. What is not installed at all may belong to another platform.
 */
export class StaleCheck {
  readonly #versions = new Map<Lockfile, ReadonlyMap<string, ReadonlySet<string>>>()

  find(
    found: FoundLockfile,
    hidden: FoundLockfile | undefined,
    roots: readonly number[],
    identities: LockIdentities,
  ): string | undefined {
    // A copy by another manager may be a leftover.
    const sameManager = /\.(?:yaml|json)$/.exec(found.file)?.[0] === /\.\w+$/.exec(hidden?.file ?? '')?.[0]
    if (found.lock === undefined || hidden?.lock === undefined || !sameManager) return undefined
    const versions = this.#versionsOf(hidden.lock)
    for (const root of roots) {
      for (const index of identities.reach(root)) {
        const node = found.lock.nodes[index]!
        const present = node.registry && node.optional !== true ? versions.get(node.name) : undefined
        if (present !== undefined && !present.has(node.version)) return `${node.name}@${node.version}`
      }
    }
    return undefined
  }

  #versionsOf(lock: Lockfile): ReadonlyMap<string, ReadonlySet<string>> {
    let versions = this.#versions.get(lock)
    if (versions === undefined) {
      const collected = new Map<string, Set<string>>()
      for (const { name, version } of lock.nodes) collected.set(name, (collected.get(name) ?? new Set()).add(version))
      versions = collected
      this.#versions.set(lock, versions)
    }
    return versions
  }
}

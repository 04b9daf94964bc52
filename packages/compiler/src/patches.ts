/**
 * Patches of packages: they change what is installed, and neither version nor integrity say so. pnpm, Yarn and Bun name
 * the file in the lockfile; patch-package applies whatever lies in `patches`, under `name+version.patch`.
 */
import { digestOf, joinPath, type LockNode } from './lock-graph.ts'
import { decode, type PackageFiles } from './lockfiles.ts'

export interface Patches {
  /** The folder the lockfile stands for. */
  readonly folder: string
  /** A text that is equal where the same folders have patches for patch-package. */
  readonly key: string
  /** Digests of the patches of a package. */
  of(node: Pick<LockNode, 'name' | 'version' | 'patchFiles'>): readonly string[]
}

/**
 * @param folder the one the lockfile stands for: its patch files are relative to it.
 * @param folders those whose `patches` patch-package would apply.
 */
export function patchesFor(files: PackageFiles, folder: string, folders: readonly string[]): Patches {
  const listed: string[] = []
  const unlisted: string[] = []
  const byName = new Map<string, string[]>()
  for (const place of new Set(folders.map((above) => joinPath(above, patchFolder(files, above))))) {
    const names = files.list(place)
    // Where folders cannot be listed, each package is asked for by its name and version.
    if (names === undefined && files.list(folders[0] ?? folder) === undefined) unlisted.push(place)
    for (const file of [...(names ?? [])].sort()) {
      const name = patchedName(file)
      if (name === undefined) continue
      const path = joinPath(place, file)
      listed.push(path)
      byName.set(name, [...(byName.get(name) ?? []), path])
    }
  }
  const digests = new Map<string, string | undefined>()
  const digest = (path: string): string | undefined => {
    if (!digests.has(path)) {
      // A checkout on Windows may have other line ends.
      const source = decode(files.read(path))?.replaceAll('\r\n', '\n')
      digests.set(path, source === undefined ? undefined : digestOf(['patch', source]))
    }
    return digests.get(path)
  }
  return {
    folder,
    key: listed.length > 0 || unlisted.length > 0 ? [...listed, '', ...unlisted].join('\n') : '',
    of(node) {
      const paths = (node.patchFiles ?? []).map((path) => joinPath(folder, path))
      paths.push(...(byName.get(node.name) ?? []))
      const flat = node.name.replace('/', '+')
      for (const place of unlisted) paths.push(`${place}/${flat}+${node.version}.patch`)
      return paths.flatMap((path) => digest(path) ?? [])
    },
  }
}

/** The last package of `a+1.0.0.patch`, `@s+a+1.0.0+001+why.patch`, `outer++@s+inner+1.0.0.dev.patch`. */
export function patchedName(file: string): string | undefined {
  if (!file.endsWith('.patch')) return undefined
  const match = /^(@[^+]+\+[^+]+|[^@+][^+]*)\+\d/.exec(file.split('++').at(-1)!)
  return match?.[1]?.replace('+', '/')
}

/** `patches`, or what a script gives patch-package instead. */
function patchFolder(files: PackageFiles, folder: string): string {
  const source = decode(files.read(joinPath(folder, 'package.json')))
  return /patch-package[^"]{0,200}?--patch-dir[ =]([\w@./-]+)/.exec(source ?? '')?.[1] ?? 'patches'
}

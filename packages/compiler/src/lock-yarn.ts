/** `yarn.lock` of Yarn 1, and of the later versions, which write YAML. */
import {
  type Edge,
  foldersAbove,
  isArchive,
  joinPath,
  LockBuilder,
  type LockContext,
  type Lockfile,
  sourceOf,
  splitAt,
} from './lock-graph.ts'
import { member, members, readYarnClassic, type Tree, text, texts } from './lock-syntax.ts'

const declared = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/**
 * The lockfile of Yarn 1 has descriptors only: which of them an import means stands in the package.json of its package.
 *
 * @throws where a line is not understood.
 */
export function readYarnClassicLock(source: string, context: LockContext): Lockfile {
  const builder = new LockBuilder()
  const entries = readYarnClassic(source)
  const byEntry = new Map<Tree, number>()
  const byDescriptor = new Map<string, number>()
  for (const [descriptor, entry] of entries) {
    let node = byEntry.get(entry)
    if (node === undefined) {
      const [alias, range] = splitAt(descriptor)
      const version = text(member(entry, 'version'))
      const resolved = text(member(entry, 'resolved'))
      const name = range.startsWith('npm:') ? splitAt(range.slice(4))[0] || alias : alias
      node =
        localFolder(range, '') === undefined
          ? builder.add({
              name,
              version,
              integrity: sourceOf(resolved, text(member(entry, 'integrity')), context),
              registry: /^https?:.*\/-\//.test(resolved),
            })
          : builder.addFolder(name, localFolder(range, '')!)
      byEntry.set(entry, node)
    }
    byDescriptor.set(descriptor, node)
  }
  // An alias is no name of its node, but code imports it.
  const byAlias = new Map<string, Set<number>>()
  for (const [descriptor, node] of byDescriptor) {
    const [alias] = splitAt(descriptor)
    byAlias.set(alias, (byAlias.get(alias) ?? new Set()).add(node))
  }
  const resolutions = texts(member(parsed(context, ''), 'resolutions'))
  const refer = (name: string, range: string): readonly number[] => {
    const replaced = resolutions.find(([pattern]) => pattern === name || pattern.endsWith(`/${name}`))?.[1]
    const node = byDescriptor.get(`${name}@${range}`) ?? byDescriptor.get(`${name}@${replaced}`)
    return node === undefined ? [...(byAlias.get(name) ?? [])] : [node]
  }
  for (const [entry, node] of byEntry) {
    if (builder.nodes[node]!.folder !== undefined) continue
    builder.nodes[node]!.edges = ['dependencies', 'optionalDependencies'].flatMap((group) =>
      texts(member(entry, group)).flatMap(([name, range]) => refer(name, range).map((target): Edge => [name, target])),
    )
  }
  const members = workspaceFolders(context)
  return {
    nodes: builder.nodes,
    find(name, folder) {
      for (const above of foldersAbove(folder)) {
        const json = parsed(context, above)
        for (const group of declared) {
          const range = text(member(member(json, group), name))
          if (range === '') continue
          const local = localFolder(range, above) ?? members().get(name)
          if (local !== undefined) return [builder.addFolder(name, local)]
          const found = refer(name, range)
          if (found.length > 0) return found
        }
      }
      const local = members().get(name)
      return local === undefined ? [...(byAlias.get(name) ?? [])] : [builder.addFolder(name, local)]
    },
    covers: (folder) => [...members().values()].includes(folder),
  }
}

/** The folder that a range names, or nothing where it names an archive, a registry or a repository. */
function localFolder(range: string, from: string): string | undefined {
  const path = /^(?:file:|link:|portal:|(?=\.{1,2}\/))(.*)$/s.exec(range)?.[1]?.replace(/(?:#|::).*$/s, '')
  return path === undefined || (isArchive(path) && !range.startsWith('link:')) ? undefined : joinPath(from, path)
}

function parsed(context: LockContext, folder: string): Tree {
  const source = context.read(joinPath(folder, 'package.json'))
  try {
    return source === undefined ? undefined : JSON.parse(source.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}

/** Names of workspace packages and their folders: Yarn 1 does not lock them. */
function workspaceFolders(context: LockContext): () => ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined
  return () => {
    if (found !== undefined) return found
    found = new Map()
    const workspaces = member(parsed(context, ''), 'workspaces')
    const patterns = Array.isArray(workspaces) ? workspaces : member(workspaces, 'packages')
    if (!Array.isArray(patterns)) return found
    for (const pattern of patterns) {
      let folders = ['']
      for (const part of text(pattern).split('/').slice(0, 16)) {
        if (part === '' || part === '.') continue
        folders = folders.flatMap((folder) => {
          if (part === '**') return below(context, folder)
          if (!part.includes('*')) return [joinPath(folder, part)]
          const [start = '', ...rest] = part.split('*')
          const end = rest.at(-1) ?? ''
          return namesIn(context, folder)
            .filter((name) => name.startsWith(start) && name.endsWith(end))
            .map((name) => joinPath(folder, name))
        })
      }
      for (const folder of folders) {
        const name = text(member(parsed(context, folder), 'name'))
        if (name !== '' && folder !== '') found.set(name, folder)
      }
    }
    return found
  }
}

function namesIn(context: LockContext, folder: string): readonly string[] {
  return (context.list(folder) ?? []).filter((name) => name !== 'node_modules' && !name.startsWith('.'))
}

function below(context: LockContext, folder: string): readonly string[] {
  const all = [folder]
  for (let at = 0; at < all.length && all.length < 10_000; at++) {
    if (all[at]!.split('/').length > 8) continue
    for (const name of namesIn(context, all[at]!)) all.push(joinPath(all[at]!, name))
  }
  return all
}

/**
 * The lockfile of Yarn 2 and later. Workspaces stand in it with what they depend on. It does not say what a peer
 * dependency resolves to, which is decided for each dependent: all locked packages of the name count.
 *
 * @throws where the tree is not that of a lockfile.
 */
export function readYarnBerryLock(tree: Tree, context: LockContext): Lockfile {
  if (member(tree, '__metadata') === undefined) throw new Error('it has no __metadata')
  const builder = new LockBuilder()
  const byDescriptor = new Map<string, number>()
  const byAlias = new Map<string, Set<number>>()
  const workspaces = new Map<string, Tree>()
  const entries: (readonly [Tree, number, string])[] = []
  /** Yarn replaces some packages by a patched copy of its own, behind the descriptor that was asked for. */
  const builtin = new Map<string, number>()

  for (const [key, entry] of members(tree)) {
    const resolution = text(member(entry, 'resolution'))
    if (key === '__metadata' || resolution === '') continue
    const [name, reference] = splitAt(resolution)
    let node: number
    const workspace = /^workspace:(.*)$/s.exec(reference)?.[1]
    const local = localFolder(reference, locatorFolder(reference))
    if (workspace !== undefined) {
      const folder = joinPath('', workspace)
      workspaces.set(folder, entry)
      node = builder.addFolder(name, folder)
    } else if (local !== undefined) node = builder.addFolder(name, local)
    else {
      const checksum = member(entry, 'conditions') === undefined ? text(member(entry, 'checksum')) : ''
      const registry = reference.startsWith('npm:') && !reference.includes('::')
      const patch = reference.startsWith('patch:') ? reference : ''
      const files = patchFiles(patch)
      node = builder.add({
        name,
        version: text(member(entry, 'version')),
        // The first part is a setting of the cache, and not of the package.
        integrity: `${registry || patch !== '' ? '' : `${reference} `}${checksum.slice(checksum.indexOf('/') + 1)}`,
        registry,
        ...(patch === '' ? {} : { patch: patch.replace(/&?locator=[^&]*/g, '') }),
        ...(files.length === 0 ? {} : { patchFiles: files }),
      })
      entries.push([entry, node, patch])
    }
    for (const descriptor of key.split(/,\s*/)) {
      byDescriptor.set(descriptor, node)
      const [alias, range] = splitAt(descriptor)
      byAlias.set(alias, (byAlias.get(alias) ?? new Set()).add(node))
      if (range.startsWith('patch:') && range.includes('builtin<')) builtin.set(patchSource(range), node)
    }
  }

  const resolutions = texts(member(parsed(context, ''), 'resolutions'))
  const exact = (name: string, range: string): number | undefined => {
    for (const descriptor of [`${name}@${range}`, `${name}@npm:${range}`]) {
      const node = builtin.get(descriptor) ?? byDescriptor.get(descriptor)
      if (node !== undefined) return node
    }
    return undefined
  }
  const refer = (name: string, range: string): readonly number[] => {
    let node: number | undefined
    for (const [pattern, value] of resolutions) {
      // `b`, `a/b`, `**/b`, `b@npm:^1`: where it does not apply, the original descriptor is in the lockfile.
      const last = /(?:^|\/)((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?$/.exec(pattern)?.[1]
      if (last !== name) continue
      if (pattern === name) node = exact(name, value)
      else node ??= exact(name, range) ?? exact(name, value)
    }
    node ??= exact(name, range)
    return node === undefined ? [...(byAlias.get(name) ?? [])] : [node]
  }
  for (const [entry, node, patch] of entries) {
    const edges: Edge[] = texts(member(entry, 'dependencies')).flatMap(([name, range]) =>
      refer(name, range).map((target): Edge => [name, target]),
    )
    for (const [name] of texts(member(entry, 'peerDependencies'))) {
      for (const target of byAlias.get(name) ?? []) if (target !== node) edges.push([name, target])
    }
    if (patch !== '') {
      const source = byDescriptor.get(patchSource(patch))
      if (source !== undefined) edges.push(['', source])
    }
    builder.nodes[node]!.edges = edges
  }
  return {
    nodes: builder.nodes,
    find(name, folder) {
      for (const above of foldersAbove(folder)) {
        const entry = workspaces.get(above)
        const range = text(member(member(entry, 'dependencies'), name))
        if (range !== '') return refer(name, range)
        if (entry !== undefined && text(member(member(entry, 'peerDependencies'), name)) !== '') break
      }
      return [...(byAlias.get(name) ?? [])]
    },
    covers: (folder) => workspaces.has(folder),
  }
}

/** `typescript@npm:5.3.3` of `patch:typescript@npm%3A5.3.3#...`. */
function patchSource(range: string): string {
  return decoded(range.slice(6).split('#')[0]!)
}

function patchFiles(range: string): readonly string[] {
  const hash = range.indexOf('#')
  if (hash < 0) return []
  const paths = range
    .slice(hash + 1)
    .split('::')[0]!
    .split('&')
    .map((path) => path.replace(/^optional!/, ''))
  const from = locatorFolder(range)
  return paths
    .filter((path) => !path.startsWith('builtin<') && !path.startsWith('~builtin<') && path !== '')
    .map((path) => (path.startsWith('~/') ? path.slice(2) : joinPath(from, path)))
}

/** The folder of the workspace that names the package by a path. */
function locatorFolder(reference: string): string {
  const locator = /(?:::|&)locator=([^&]*)/.exec(reference)?.[1]
  return joinPath('', /@workspace:(.*)$/s.exec(decoded(locator ?? ''))?.[1] ?? '')
}

function decoded(source: string): string {
  try {
    return decodeURIComponent(source)
  } catch {
    return source
  }
}

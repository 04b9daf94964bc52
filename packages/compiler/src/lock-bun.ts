/** `bun.lock`: JSON with comments, whose keys are the places of packages with the names alone: `a/b` is `b` within `a`. */
import {
  foldersAbove,
  isArchive,
  LockBuilder,
  type LockContext,
  type Lockfile,
  longestKey,
  sourceOf,
  splitAt,
} from './lock-graph.ts'
import { member, members, type Tree, text, texts } from './lock-syntax.ts'

/** @throws where the tree is not that of a lockfile. */
export function readBunLock(tree: Tree, context: LockContext): Lockfile {
  const packages = member(tree, 'packages')
  const workspaces = member(tree, 'workspaces')
  if (packages === undefined && workspaces === undefined) throw new Error('it has no packages')
  const builder = new LockBuilder()
  const places = new Map<string, number>()
  const patches = member(tree, 'patchedDependencies')

  for (const [place, entry] of members(packages)) {
    if (!Array.isArray(entry) || place.length > longestKey) continue
    const [name, rest] = splitAt(text(entry[0]))
    const local = /^(workspace|link|file|root):/.exec(rest)?.[1]
    const path = rest.slice(rest.indexOf(':') + 1)
    if (local === 'workspace' || local === 'link' || local === 'root' || (local === 'file' && !isArchive(path))) {
      places.set(place, builder.addFolder(name, path))
      continue
    }
    const registry = /^\d/.test(rest)
    const strings = entry.slice(1).filter((part): part is string => typeof part === 'string')
    const integrity = strings.find((part) => /^sha\d+-/.test(part)) ?? ''
    const patch = text(member(patches, `${name}@${rest}`)) || text(member(patches, name))
    const archive = isArchive(rest) && !/^https?:/.test(rest) ? `file:${path}` : rest
    const node = builder.add({
      name,
      version: registry ? rest : '',
      integrity: registry ? integrity : sourceOf(archive, integrity, context),
      registry,
      ...(patch === '' ? {} : { patchFiles: [patch] }),
    })
    places.set(place, node)
  }

  const find = (name: string, place: string): number | undefined => {
    for (let at = place; at !== ''; at = outer(at)) {
      const node = places.get(`${at}/${name}`)
      if (node !== undefined) return node
    }
    return places.get(name)
  }
  for (const [place, node] of places) {
    const entry = member(packages, place) as readonly Tree[]
    if (builder.nodes[node]!.folder !== undefined) continue
    const info = entry.find((part) => typeof part === 'object' && part !== null)
    const names = new Set(
      ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) =>
        texts(member(info, key)).map(([name]) => name),
      ),
    )
    builder.nodes[node]!.edges = [...names].flatMap((name) => {
      const target = find(name, place)
      return target === undefined ? [] : [[name, target] as const]
    })
  }
  return {
    nodes: builder.nodes,
    find(name, folder) {
      for (const above of foldersAbove(folder)) {
        const workspace = member(workspaces, above)
        if (workspace === undefined) continue
        const node = find(name, above === '' ? '' : text(member(workspace, 'name')))
        return node === undefined ? builder.named(name) : [node]
      }
      return builder.named(name)
    },
    covers: (folder) => member(workspaces, folder) !== undefined,
  }
}

/** The place without its last name: `a/@s/b` is within `a`. */
function outer(place: string): string {
  const last = place.lastIndexOf('/')
  if (last < 0) return ''
  const before = place.lastIndexOf('/', last - 1)
  return place[before + 1] === '@' ? place.slice(0, Math.max(0, before)) : place.slice(0, last)
}

/** `package-lock.json` and `npm-shrinkwrap.json` of versions 1 to 3, and npm's hidden lockfile in `node_modules`. */
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

interface NpmOptions {
  /** What is installed here, and so without the optional packages of other platforms: those of this one do not count. */
  readonly installed?: boolean
}

/** @throws where the tree is not that of a lockfile. */
export function readNpmLock(tree: Tree, context: LockContext, { installed = false }: NpmOptions = {}): Lockfile {
  const builder = new LockBuilder()
  const places = new Map<string, number>()
  const holders = new Map<string, Map<string, number>>()
  const put = (place: string, node: number): void => {
    places.set(place, node)
    const last = place.lastIndexOf('node_modules/')
    const holder = place.slice(0, Math.max(0, last - 1))
    const modules = holders.get(holder)
    if (modules === undefined) holders.set(holder, new Map([[place.slice(last + 13), node]]))
    else modules.set(place.slice(last + 13), node)
  }
  const packages = member(tree, 'packages')
  const entries = packages === undefined ? placesOfVersion1(member(tree, 'dependencies')) : members(packages)
  if (packages === undefined && member(tree, 'lockfileVersion') === undefined) throw new Error('it has no packages')
  const wanted: (readonly [place: string, node: number, names: readonly string[]])[] = []

  for (const [place, entry] of entries) {
    const last = place.lastIndexOf('node_modules/')
    if (last < 0 || place.length > longestKey) continue
    if (installed && ['os', 'cpu', 'libc'].some((key) => member(entry, key) !== undefined)) continue
    const resolved = text(member(entry, 'resolved'))
    const alias = place.slice(last + 13)
    const name = text(member(entry, 'name')) || alias
    if (member(entry, 'link') === true) {
      put(place, builder.addFolder(name, resolved))
      continue
    }
    const version = text(member(entry, 'version'))
    const node = builder.add({
      name,
      version: /^\d/.test(version) ? version : '',
      integrity: sourceOf(resolved || (/^\d/.test(version) ? '' : version), text(member(entry, 'integrity')), context),
      optional: ['optional', 'devOptional', 'peer'].some((key) => member(entry, key) === true),
      registry: /^\d/.test(version) && (resolved === '' || /^https?:.*\/-\//.test(resolved)),
    })
    put(place, node)
    const names = new Set<string>()
    for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies', 'requires']) {
      for (const [dependency] of texts(member(entry, key))) names.add(dependency)
    }
    wanted.push([place, node, [...names]])
  }

  // Node_modules folders by the folder they lie in, and for a place those that an import passes on its way up.
  const ways = new Map<string, readonly ReadonlyMap<string, number>[]>()
  const find = (name: string, folder: string): number | undefined => {
    let way = ways.get(folder)
    if (way === undefined) {
      way = [...foldersAbove(folder)].flatMap((above) => holders.get(above) ?? [])
      ways.set(folder, way)
    }
    return way.find((modules) => modules.has(name))?.get(name)
  }
  for (const [place, node, names] of wanted) {
    builder.nodes[node]!.edges = names.flatMap((name) => {
      const target = find(name, place)
      return target === undefined ? [] : [[name, target] as const]
    })
  }
  return {
    nodes: builder.nodes,
    find(name, folder, at) {
      const node = (at === undefined ? undefined : places.get(at)) ?? find(name, folder)
      return node === undefined ? [] : [node]
    },
    covers: (folder) => packages !== undefined && member(packages, folder) !== undefined,
  }
}

/** Version 1 nests what it installs; this gives each entry the place the later versions give it. */
function placesOfVersion1(dependencies: Tree): readonly (readonly [string, Tree])[] {
  const found: (readonly [string, Tree])[] = []
  const stack: (readonly [prefix: string, dependencies: Tree])[] = [['', dependencies]]
  for (let level = stack.pop(); level !== undefined; level = stack.pop()) {
    const [prefix, entries] = level
    for (const [alias, entry] of members(entries)) {
      const place = `${prefix}node_modules/${alias}`
      if (place.length > longestKey) throw new Error('it is nested too deeply')
      const version = text(member(entry, 'version'))
      const own = Object.create(null) as Record<string, Tree>
      own.requires = member(entry, 'requires')
      own.integrity = member(entry, 'integrity')
      own.resolved = member(entry, 'resolved')
      own.version = version
      own.optional = member(entry, 'optional')
      if (version.startsWith('file:')) {
        own.resolved = isArchive(version) ? version : version.slice(5)
        own.link = !isArchive(version)
      } else if (version.startsWith('npm:')) [own.name, own.version] = splitAt(version.slice(4))
      found.push([place, own])
      // Below a linked folder its own node_modules lie.
      stack.push([own.link === true ? `${text(own.resolved)}/` : `${place}/`, member(entry, 'dependencies')])
    }
  }
  return found
}

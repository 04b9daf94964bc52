/** `pnpm-lock.yaml` of versions 5, 6 and 9, and pnpm's own copy of it in `node_modules/.pnpm`. */
import {
  foldersAbove,
  joinPath,
  LockBuilder,
  type LockContext,
  type Lockfile,
  sourceOf,
  splitAt,
  strongest,
} from './lock-graph.ts'
import { member, members, readYaml, type Tree, text, texts } from './lock-syntax.ts'

const groups = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/** @throws where the tree is not that of a lockfile. */
export function readPnpmLock(tree: Tree, context: LockContext, { installed = false } = {}): Lockfile {
  const format = Number.parseInt(text(member(tree, 'lockfileVersion')), 10)
  if (!(format >= 5)) throw new Error('its lockfileVersion is not one of 5, 6 and 9')
  const builder = new LockBuilder()
  const byKey = new Map<string, number>()
  const packages = member(tree, 'packages')
  const snapshots = format >= 9 ? member(tree, 'snapshots') : packages
  const patches = patchesOf(tree, context)

  for (const [key] of members(snapshots)) {
    const { base, name: keyName, version: keyVersion } = partsOf(key, format)
    const entry = member(packages, format >= 9 ? base : key)
    if (installed && ['os', 'cpu', 'libc'].some((field) => member(entry, field) !== undefined)) continue
    const resolution = member(entry, 'resolution')
    const name = text(member(entry, 'name')) || keyName
    const folder = member(resolution, 'type') === 'directory' ? text(member(resolution, 'directory')) : undefined
    if (folder !== undefined) {
      byKey.set(key, builder.addFolder(name, folder))
      continue
    }
    const version = text(member(entry, 'version')) || (/^\d/.test(keyVersion) ? keyVersion : '')
    const address = text(member(resolution, 'tarball'))
    const integrity = text(member(resolution, 'integrity'))
    const patch = patches.of(name, version, key)
    byKey.set(
      key,
      builder.add({
        name,
        version,
        integrity: integrity === '' && address === '' ? flat(resolution) : sourceOf(address, integrity, context),
        optional: member(member(snapshots, key), 'optional') === 'true',
        registry: integrity !== '' && (address === '' || /\/-\//.test(address)) && /^\d/.test(keyVersion),
        ...patch,
      }),
    )
  }

  const refer = (name: string, reference: string, folder: string): number | undefined => {
    if (reference.startsWith('link:')) return builder.addFolder(name, joinPath(folder, reference.slice(5)))
    const slash = format >= 6 ? '@' : '/'
    return byKey.get(format >= 9 ? `${name}@${reference}` : `/${name}${slash}${reference}`) ?? byKey.get(reference)
  }
  for (const [key, node] of byKey) {
    if (builder.nodes[node]!.folder !== undefined) continue
    builder.nodes[node]!.edges = groups.flatMap((group) =>
      texts(member(member(snapshots, key), group)).flatMap(([name, reference]) => {
        const target = refer(name, reference, '')
        return target === undefined ? [] : [[name, target] as const]
      }),
    )
  }

  const importers = new Map<string, Map<string, number>>()
  const listed = member(tree, 'importers')
  for (const [folder, importer] of listed === undefined ? [['.', tree] as const] : members(listed)) {
    const place = folder === '.' ? '' : folder
    const own = new Map<string, number>()
    for (const group of groups) {
      for (const [name, value] of members(member(importer, group))) {
        const target = refer(name, text(value) || text(member(value, 'version')), place)
        if (target !== undefined) own.set(name, target)
      }
    }
    importers.set(place, own)
  }
  return {
    nodes: builder.nodes,
    find(name, folder) {
      for (const above of foldersAbove(folder)) {
        const node = importers.get(above)?.get(name)
        if (node !== undefined) return [node]
      }
      return builder.named(name)
    },
    covers: (folder) => importers.has(folder),
  }
}

/** The parts of a key without the peers it was resolved with: `/a/1.0.0_b@2`, `/a@1.0.0(b@2)`, `a@1.0.0(b@2)`. */
function partsOf(key: string, format: number): { base: string; name: string; version: string } {
  if (format >= 6) {
    const paren = key.indexOf('(')
    const base = paren < 0 ? key : key.slice(0, paren)
    const [name, version] = splitAt(base.startsWith('/') ? base.slice(1) : base)
    return { base, name, version }
  }
  const last = key.lastIndexOf('/')
  const under = key.indexOf('_', last)
  const base = under < 0 ? key : key.slice(0, under)
  const start = base.startsWith('/') ? 1 : base.indexOf('/') + 1
  return { base, name: base.slice(start, Math.max(start, last)), version: base.slice(last + 1) }
}

/** The texts of a small tree, for resolutions of kinds that have no integrity. */
function flat(tree: Tree, depth = 0): string {
  if (depth > 8 || typeof tree !== 'object' || tree === null) return text(tree)
  const parts = Object.entries(tree).map(([key, value]) => `${key}=${flat(value, depth + 1)}`)
  return `{${parts.sort().join(',')}}`
}

function patchesOf(tree: Tree, context: LockContext) {
  const found = new Map<string, { hash: string; file: string }>()
  for (const [key, value] of members(member(tree, 'patchedDependencies'))) {
    found.set(key, { hash: text(value) || text(member(value, 'hash')), file: text(member(value, 'path')) })
  }
  if ([...found.values()].some(({ file }) => file === '')) {
    // Since pnpm 11 the lockfile has the hash alone; the path stands where it was configured.
    for (const [key, path] of configuredPatches(context)) {
      const patch = found.get(key)
      if (patch !== undefined) patch.file ||= path
    }
  }
  return {
    of(name: string, version: string, key: string): { patch?: string; patchFiles?: readonly string[] } {
      const hash = /\(patch_hash=([^)]+)\)/.exec(key)?.[1] ?? ''
      let patch = found.get(`${name}@${version}`)
      if (patch === undefined && hash !== '') {
        // A range or a bare name was patched.
        for (const [other, candidate] of found) {
          if (splitAt(other)[0] === name && candidate.hash === hash) patch = candidate
        }
      }
      patch ??= found.get(name)
      if (patch === undefined) return hash === '' ? {} : { patch: hash }
      return { patch: strongest(patch.hash || hash), ...(patch.file === '' ? {} : { patchFiles: [patch.file] }) }
    },
  }
}

function configuredPatches(context: LockContext): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  for (const [file, keys] of [
    ['pnpm-workspace.yaml', ['patchedDependencies']],
    ['package.json', ['pnpm', 'patchedDependencies']],
  ] as const) {
    const source = context.read(file)
    if (source === undefined) continue
    try {
      const tree: Tree = file.endsWith('.json') ? JSON.parse(source) : readYaml(source)
      found.push(...texts(keys.reduce<Tree>(member, tree)))
    } catch {
      // The hash in the lockfile still stands for the patch.
    }
  }
  return found
}

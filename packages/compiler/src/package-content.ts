/**
 * Packages as they are installed, for those that no lockfile fixes: generated code, the override `content`, a lockfile
 * that disagrees. What can be reached by relative imports from the entries counts; where a file looks for others by
 * ways that cannot be followed, all files of its package do.
 */
import { digestOf, joinPath } from './lock-graph.ts'
import { member, members, type Tree, text } from './lock-syntax.ts'
import { absoluteAbove, decode, fileDigest, type PackageFiles, relativeTo } from './lockfiles.ts'

export interface InstalledPackage {
  /** The absolute folder. */
  readonly folder: string
  /** The name of the folder in node_modules. */
  readonly name: string
  /** Its package.json; undefined where it has none. */
  readonly json: Tree
  readonly version: string
}

export interface ContentOptions {
  readonly files: PackageFiles
  /** Replaced in texts, as generators write where they ran. */
  readonly root: string
  installed(name: string, importer: string): InstalledPackage | undefined
  /** The identity of a package that is known without its content. */
  known(name: string, importer: string): string | undefined
}

/** A digest of the package's reachable files and of the packages they import. */
export function contentIdentity(start: InstalledPackage, entry: string | undefined, options: ContentOptions): string {
  const root =
    options.root.length < 2
      ? undefined
      : new RegExp(`${options.root.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\w.-])`, 'g')
  const parts = new Set<string>()
  const seen = new Set<string>()
  const wholes = new Set<string>()
  const queue: { readonly file: string; readonly owner: InstalledPackage }[] = []

  const push = (file: string, owner: InstalledPackage): void => {
    if (seen.has(file)) return
    seen.add(file)
    queue.push({ file, owner })
  }
  const whole = (owner: InstalledPackage): void => {
    if (wholes.has(owner.folder)) return
    wholes.add(owner.folder)
    for (const file of filesBelow(owner.folder, options.files)) push(file, owner)
  }
  const enter = (owner: InstalledPackage, subpath: string): void => {
    parts.add(`package\n${owner.name}\n${owner.version}\n${resolutionFields(owner.json)}`)
    const wanted = entriesOf(owner.json, subpath).flatMap(
      (path) => fileAt(joinPath(owner.folder, path), options.files) ?? [],
    )
    for (const file of wanted) push(file, owner)
    if (wanted.length === 0) whole(owner)
  }

  if (entry === undefined) enter(start, '')
  else {
    parts.add(`package\n${start.name}\n${start.version}\n${resolutionFields(start.json)}`)
    push(entry, start)
  }
  for (let at = 0; at < queue.length; at++) {
    const { file, owner } = queue[at]!
    const bytes = options.files.read(file)
    if (bytes === undefined) continue
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    parts.add(
      `file\n${owner.name}\n${relativeTo(owner.folder, file)}\n${digestOf([root === undefined ? raw : raw.replace(root, '')])}`,
    )
    if (!/\.(?:[cm]?[jt]sx?)$/.test(file)) continue
    const { specifiers, blind } = specifiersOf(decode(bytes)!)
    if (blind) whole(owner)
    for (const specifier of specifiers) {
      if (specifier.startsWith('node:')) continue
      if (specifier.startsWith('.')) {
        const target = fileAt(joinPath(parentOf(file), specifier), options.files)
        if (target !== undefined) push(target, owner)
        continue
      }
      if (specifier.startsWith('#')) {
        for (const path of leaves(member(owner.json, 'imports'))) {
          const target =
            path.startsWith('.') && !path.includes('*')
              ? fileAt(joinPath(owner.folder, path), options.files)
              : undefined
          if (target !== undefined) push(target, owner)
          else if (path.includes('*')) whole(owner)
        }
        continue
      }
      const [name, subpath] = nameOf(specifier)
      const known = options.known(name, file)
      if (known !== undefined) parts.add(`identity\n${name}\n${known}`)
      else {
        const dependency = options.installed(name, file)
        if (dependency === undefined) continue
        if (dependency.folder === owner.folder) enter(owner, subpath)
        else enter(dependency, subpath)
      }
    }
  }
  return digestOf(['content', start.name, ...[...parts].sort()])
}

/** What of a package.json decides which file an import finds and how it is read; npm writes other fields into it. */
function resolutionFields(json: Tree): string {
  const keys = ['type', 'main', 'module', 'browser', 'exports', 'imports']
  return JSON.stringify(keys.map((key) => member(json, key) ?? null))
}

/** Paths, relative to the package, that an import of it can find; without conditions, so for all of them. */
function entriesOf(json: Tree, subpath: string): readonly string[] {
  const found = new Set<string>()
  const exported = member(json, 'exports')
  for (const path of leaves(exported)) if (!path.includes('*')) found.add(path)
  if (subpath === '') {
    for (const key of ['main', 'module']) found.add(text(member(json, key)))
    for (const path of leaves(member(json, 'browser'))) found.add(path)
    if (exported === undefined && text(member(json, 'main')) === '') found.add('./index')
  } else {
    found.add(subpath)
    for (const [key, value] of members(exported)) {
      const [before, after] = key.split('*')
      const own = `./${subpath}`
      if (after === undefined || !own.startsWith(before!) || !own.endsWith(after)) continue
      const middle = own.slice(before!.length, own.length - after.length)
      for (const path of leaves(value)) found.add(path.replaceAll('*', middle))
    }
  }
  return [...found].filter((path) => path !== '' && !/\.d\.[cm]?ts$/.test(path))
}

/** The texts of a nested object of conditions. */
function leaves(tree: Tree): readonly string[] {
  const found: string[] = []
  const stack: Tree[] = [tree]
  for (let count = 0; stack.length > 0 && count < 10_000; count++) {
    const top = stack.pop()
    if (typeof top === 'string') found.push(top)
    else if (typeof top === 'object' && top !== null) stack.push(...Object.values(top).slice(0, 10_000))
  }
  return found
}

/** All that look like imports, also in comments and texts: to take one too many is harmless. */
function specifiersOf(source: string): { readonly specifiers: ReadonlySet<string>; readonly blind: boolean } {
  const specifiers = new Set<string>()
  const imports = /\b(?:from|import|require|resolve|URL)[\s]{0,20}\(?[\s]{0,20}(["'`])([^"'`\n]{1,300})\1/g
  for (const match of source.matchAll(imports)) specifiers.add(match[2]!)
  const blind =
    /\b__dirname\b|\bimport\.meta\.(?:dirname|url|resolve)\b|\b(?:require|import)\s{0,20}\(\s{0,20}(?![\s"'`)])|\bimport\.meta\.glob/.test(
      source,
    )
  return { specifiers, blind }
}

/** The file a path without extension stands for. */
function fileAt(path: string, files: PackageFiles): string | undefined {
  const clean = path.replace(/[?#].*$/, '')
  const endings = ['', '.js', '.cjs', '.mjs', '.json', '.ts', '/index.js', '/index.cjs', '/index.mjs', '/index.json']
  for (const ending of endings) if (files.read(clean + ending) !== undefined) return clean + ending
  return undefined
}

/** Files of a folder, sorted, without what differs between machines or never runs. */
function filesBelow(folder: string, files: PackageFiles): readonly string[] {
  const found: string[] = []
  const queue: (readonly [path: string, depth: number])[] = [[folder, 0]]
  for (let at = 0; at < queue.length && found.length < 100_000; at++) {
    const [place, depth] = queue[at]!
    for (const name of [...(files.list(place) ?? [])].sort()) {
      if (
        name === 'node_modules' ||
        /\.(?:node|so|dylib|dll|exe|map|md|tmp\w*|log)$|\.d\.[cm]?ts$|\.so\.|^\./i.test(name)
      )
        continue
      const path = `${place}/${name}`
      if (depth < 32 && files.list(path) !== undefined) queue.push([path, depth + 1])
      else found.push(path)
    }
  }
  return found
}

/** A digest of all files of a folder. */
export function folderDigest(folder: string, files: PackageFiles): string {
  return digestOf(
    filesBelow(folder, files).flatMap((file) => [relativeTo(folder, file), fileDigest(files.read(file)) ?? '']),
  )
}

/** The package folder a file of node_modules lies in, and its name there. */
export function packageFolderOf(file: string): { readonly folder: string; readonly name: string } | undefined {
  const match = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/]+|\.[^/]+\/[^/]+)(?=\/|$)/s.exec(file)
  if (match === null) return undefined
  // `.prisma/client`: a folder that no package can be named like holds packages.
  const generated = /^(\.[^/]+\/[^/]+)\//.exec(file.slice(match[1]!.length))
  const name = generated?.[1] ?? match[2]!
  return { folder: match[1]! + name, name }
}

/** The package that an import from a folder finds in the node_modules above it. */
export function findInstalled(name: string, from: string, files: PackageFiles): InstalledPackage | undefined {
  for (const above of absoluteAbove(from)) {
    if (above.endsWith('/node_modules')) continue
    const found = installedAt(joinPath(above, `node_modules/${name}`), name, files)
    if (found !== undefined) return found
  }
  return undefined
}

export function installedAt(folder: string, name: string, files: PackageFiles): InstalledPackage | undefined {
  const source = decode(files.read(`${folder}/package.json`))
  if (source === undefined && files.list(folder) === undefined) return undefined
  let json: Tree
  try {
    json = source === undefined ? undefined : JSON.parse(source)
  } catch {
    json = undefined
  }
  return { folder, name, json, version: text(member(json, 'version')) }
}

/** The package's name in a specifier, and what follows it. */
function nameOf(specifier: string): readonly [name: string, subpath: string] {
  const [first = '', second = '', ...rest] = specifier.split('/')
  return /^[@.]/.test(first) && second !== ''
    ? [`${first}/${second}`, rest.join('/')]
    : [first, [second, ...rest].filter((part) => part !== '').join('/')]
}

export function parentOf(file: string): string {
  return file.slice(0, Math.max(1, file.lastIndexOf('/')))
}

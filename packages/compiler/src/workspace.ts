/**
 * The packages that are sources of this project: the members of its workspace, and any folder whose package.json one
 * comes to outside of node_modules.
 */
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { globSync } from 'tinyglobby'
import { parse as parseYaml } from 'yaml'
import { decodeText, type Files } from './files.ts'
import { globMatcher } from './glob.ts'

/** A folder with a package.json. */
export interface Member {
  readonly folder: string
  readonly name: string | undefined
  readonly version: string | undefined
  readonly json: Readonly<Record<string, unknown>>
}

export interface Workspace {
  /** The folder whose package.json or pnpm-workspace.yaml names the members; the root where there is none. */
  readonly folder: string
  member(name: string): Member | undefined
  readonly members: readonly Member[]
  /** The package.json of a folder itself. */
  at(folder: string): Member | undefined
  /** The package that a file belongs to. */
  holding(file: string): Member | undefined
  readonly inputs: ReadonlySet<string>
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

export const slashes = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'))

/** Whether `path` is `folder` or lies below it. */
export const inside = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/**
 * @param entries absolute files of the program: where folders cannot be listed, their own folders are looked at
 * @param problem told of a file that cannot be understood; it then counts as absent
 */
export function findWorkspace(
  files: Files,
  root: string,
  entries: readonly string[],
  problem: (file: string, what: string) => void,
): Workspace {
  const inputs = new Set<string>()
  const known = new Map<string, Member | undefined>()

  const textOf = (file: string): string | undefined => {
    if (files.kind(file) !== 'file') return undefined
    const contents = files.read(file)
    if (contents === undefined) return undefined
    if (!('bytes' in contents)) {
      problem(file, contents.failure)
      return undefined
    }
    inputs.add(file)
    return decodeText(contents.bytes)
  }
  const parsed = (file: string, parse: (text: string) => unknown): Readonly<Record<string, unknown>> | undefined => {
    const text = textOf(file)
    if (text === undefined) return undefined
    try {
      const value = parse(text)
      return isRecord(value) ? value : undefined
    } catch (error) {
      problem(file, String((error as Error).message).split('\n')[0]!)
      return undefined
    }
  }

  const at = (folder: string): Member | undefined => {
    if (known.has(folder)) return known.get(folder)
    const json = parsed(join(folder, 'package.json'), JSON.parse)
    const member = json && {
      folder,
      name: typeof json.name === 'string' ? json.name : undefined,
      version: typeof json.version === 'string' ? json.version : undefined,
      json,
    }
    known.set(folder, member)
    return member
  }

  const holders = new Map<string, Member | undefined>()
  const holding = (file: string): Member | undefined => {
    const passed: string[] = []
    let found: Member | undefined
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      if (holders.has(folder)) {
        found = holders.get(folder)
        break
      }
      passed.push(folder)
      found = at(folder)
      if (found !== undefined || dirname(folder) === folder) break
    }
    for (const folder of passed) holders.set(folder, found)
    return found
  }

  const patternsOf = (folder: string): string[] | undefined => {
    const pnpm = parsed(join(folder, 'pnpm-workspace.yaml'), (text) => parseYaml(text, { logLevel: 'error' }))
    if (pnpm !== undefined && pnpm.packages !== undefined) return strings(pnpm.packages)
    const field = at(folder)?.json.workspaces
    if (field === undefined) return undefined
    return isRecord(field) ? strings(field.packages) : strings(field)
  }

  const expand = (folder: string, patterns: readonly string[]): Member[] => {
    const matches = globMatcher(patterns)
    const places = new Set<string>()
    const wanted = patterns.map((pattern) => pattern.replace(/^(!?)(?:\.\/)?/, '$1').replace(/\/+$/, ''))
    const found = globSync(
      wanted.filter((pattern) => !pattern.startsWith('!')).map((pattern) => `${pattern}/package.json`),
      {
        cwd: folder,
        ignore: ['**/node_modules/**', ...wanted.filter((pattern) => pattern.startsWith('!')).map((p) => p.slice(1))],
        followSymbolicLinks: false,
        expandDirectories: false,
      },
    )
    for (const file of found) places.add(dirname(join(folder, file)))
    if (!files.disk) {
      for (const entry of entries) {
        for (let place = dirname(entry); place !== folder && inside(folder, place); place = dirname(place)) {
          if (!place.includes(`${sep}node_modules`)) places.add(place)
        }
      }
      // A pattern without a star names a folder, which a host can be asked for.
      for (const pattern of patterns) if (!/[*?[{!]/.test(pattern)) places.add(resolve(folder, pattern))
    }
    return [...places]
      .filter((place) => files.disk || matches(slashes(relative(folder, place))))
      .sort()
      .map(at)
      .filter((member) => member !== undefined)
  }

  let folder = root
  let members: Member[] = []
  for (let place = root; ; place = dirname(place)) {
    const patterns = patternsOf(place)
    if (patterns !== undefined) {
      const found = expand(place, patterns)
      // A workspace further up that does not name this project is another project.
      if (place === root || found.some((member) => inside(member.folder, root) || inside(root, member.folder))) {
        folder = place
        members = found
        break
      }
    }
    if (dirname(place) === place) break
  }
  const own = [at(root), at(folder)].filter((member) => member !== undefined)
  const all = [...new Set([...own, ...members])]
  const names = new Map<string, Member>()
  for (const member of all) if (member.name !== undefined && !names.has(member.name)) names.set(member.name, member)

  return { folder, member: (name) => names.get(name), members: all, at, holding, inputs }
}

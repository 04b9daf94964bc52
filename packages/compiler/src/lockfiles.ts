/**
 * Which lockfile holds for a file, and what it says.
 *
 * The nearest one above the file that knows the package counts: an example or a fixture with its own lockfile is a
 * project of its own, and Node's resolution goes up the same way. Where a folder has several, `packageManager` of its
 * package.json decides, and else the order of {@link lockfileNames}. Above the root a lockfile counts only if it lists
 * the folder one came from as a package of its workspace.
 */
import { createHash } from 'node:crypto'
import { readBunLock } from './lock-bun.ts'
import type { LockContext, Lockfile } from './lock-graph.ts'
import { joinPath } from './lock-graph.ts'
import { readNpmLock } from './lock-npm.ts'
import { readPnpmLock } from './lock-pnpm.ts'
import { member, readJsonc, readYaml, text } from './lock-syntax.ts'
import { readYarnBerryLock, readYarnClassicLock } from './lock-yarn.ts'

/** From the one that is preferred. */
const lockfileNames = [
  'pnpm-lock.yaml',
  'bun.lock',
  'yarn.lock',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'bun.lockb',
] as const

const managers: Readonly<Record<string, readonly string[]>> = {
  pnpm: ['pnpm-lock.yaml'],
  bun: ['bun.lock', 'bun.lockb'],
  yarn: ['yarn.lock'],
  npm: ['npm-shrinkwrap.json', 'package-lock.json'],
}

/** Copies of the lockfile that managers keep of what they installed. */
const hiddenLockfileNames = ['node_modules/.package-lock.json', 'node_modules/.pnpm/lock.yaml'] as const

/** Where lockfiles and packages are read; paths are absolute with `/`. */
export interface PackageFiles {
  read(file: string): Uint8Array | undefined
  list(folder: string): readonly string[] | undefined
}

export interface FoundLockfile {
  /** The folder it stands for. */
  readonly folder: string
  readonly file: string
  /** Undefined where it cannot be understood. */
  readonly lock: Lockfile | undefined
  /** Why not. */
  readonly damage?: string
}

export function createLockfiles(files: PackageFiles, root: string) {
  const byFolder = new Map<string, FoundLockfile | undefined>()
  const hiddenByFolder = new Map<string, FoundLockfile | undefined>()
  const chains = new Map<string, readonly FoundLockfile[]>()

  const at = (folder: string): FoundLockfile | undefined => {
    // Some packages are published with the lockfile of their authors.
    if (folder.includes('/node_modules')) return undefined
    if (!byFolder.has(folder)) byFolder.set(folder, readFirst(files, folder, namesFor(files, folder)))
    return byFolder.get(folder)
  }

  return {
    /** The lockfiles that hold for a folder, the nearest first. */
    above(folder: string): readonly FoundLockfile[] {
      const known = chains.get(folder)
      if (known !== undefined) return known
      const chain: FoundLockfile[] = []
      const passed: string[] = []
      let outside = !within(root, folder)
      for (const above of absoluteAbove(folder)) {
        passed.push(above)
        const found = at(above)
        if (found !== undefined) {
          const lock = found.lock
          const mine =
            !outside ||
            // The root may be a mere folder of its package.
            passed.every((path) => (files.read(joinPath(path, 'package.json')) !== undefined) === (path === above)) ||
            (lock !== undefined && passed.some((path) => path !== above && lock.covers(relativeTo(above, path))))
          if (mine) chain.push(found)
        }
        if (above === root) outside = true
        if (outside && (chain.length > 0 || files.list(above)?.includes('.git') === true)) break
      }
      chains.set(folder, chain)
      return chain
    },

    /** What a manager noted of what it installed in the folder's own node_modules. */
    hidden(folder: string): FoundLockfile | undefined {
      if (!hiddenByFolder.has(folder)) hiddenByFolder.set(folder, readFirst(files, folder, hiddenLockfileNames))
      return hiddenByFolder.get(folder)
    },
  }
}

function namesFor(files: PackageFiles, folder: string): readonly string[] {
  const present = lockfileNames.filter((name) => files.read(joinPath(folder, name)) !== undefined)
  if (present.length < 2) return present
  let manager = ''
  try {
    const json = JSON.parse(decode(files.read(joinPath(folder, 'package.json'))) ?? '{}')
    manager =
      text(member(json, 'packageManager')) || text(member(member(member(json, 'devEngines'), 'packageManager'), 'name'))
  } catch {
    // The order below decides.
  }
  const own = managers[/^\w+/.exec(manager)?.[0] ?? ''] ?? []
  return [...present.filter((name) => own.includes(name)), ...present.filter((name) => !own.includes(name))]
}

/** The first of the names that exists; a later one does not stand in for a damaged one, as they need not agree. */
function readFirst(files: PackageFiles, folder: string, names: readonly string[]): FoundLockfile | undefined {
  for (const name of names) {
    const file = joinPath(folder, name)
    const bytes = files.read(file)
    if (bytes === undefined) continue
    if (name === 'bun.lockb') {
      const damage = 'it is binary; `bun install --save-text-lockfile` writes bun.lock instead'
      return { folder, file, lock: undefined, damage }
    }
    try {
      if (bytes.length > 200_000_000) throw new Error('it is too large')
      const context: LockContext = {
        read: (path) => decode(files.read(joinPath(folder, path))),
        hash: (path) => fileDigest(files.read(joinPath(folder, path))),
        list: (path) => files.list(joinPath(folder, path)),
      }
      return { folder, file, lock: parseLockfile(name, decode(bytes)!, context) }
    } catch (error) {
      const damage = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 200) : 'it cannot be read'
      return { folder, file, lock: undefined, damage }
    }
  }
  return undefined
}

/** @throws where the text is not what the name promises. */
function parseLockfile(name: string, source: string, context: LockContext): Lockfile {
  if (name.endsWith('.json')) return readNpmLock(readJsonc(source), context, { installed: name.includes('/') })
  if (name === 'bun.lock') return readBunLock(readJsonc(source), context)
  if (name === 'yarn.lock') {
    return /^__metadata:/m.test(source)
      ? readYarnBerryLock(readYaml(source), context)
      : readYarnClassicLock(source, context)
  }
  return readPnpmLock(readYaml(source), context, { installed: name.includes('/') })
}

export function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8.decode(bytes)
}

const utf8 = new TextDecoder()

export function fileDigest(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}

/** The folder and those above it, up to the root of the disk. */
export function* absoluteAbove(folder: string): Generator<string> {
  for (let at = folder; ; ) {
    yield at
    const slash = at.lastIndexOf('/')
    const next = slash <= 0 ? '/' : at.slice(0, slash)
    if (next === at || (slash < 0 && at !== '/')) return
    at = next
  }
}

export function within(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** The path from a folder to what lies in it. */
export function relativeTo(folder: string, path: string): string {
  return path === folder ? '' : path.slice(folder.endsWith('/') ? folder.length : folder.length + 1)
}

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/**
 * Links the packages installed in a working tree into another tree of the same repository, so that imports of them are
 * resolved. Where the lockfile of that tree wants another version than is installed, there is no link: the compiler then
 * goes by the lockfile alone, which is the truth of that revision.
 */
export function linkPackages(top: string, tree: string): void {
  const visit = (folder: string, above: string): void => {
    const locks = above + lockfilesIn(folder)
    const installed = join(top, relative(tree, folder), 'node_modules')
    if (isFolder(installed)) new Linker(top, tree, locks).into(installed, join(folder, 'node_modules'))
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name === '.git') continue
      visit(join(folder, entry.name), locks)
    }
  }
  visit(tree, '')
  // What Node would find above the repository.
  const linker = new Linker(top, tree, lockfilesIn(tree))
  for (let folder = dirname(top); ; folder = dirname(folder)) {
    const installed = join(folder, 'node_modules')
    if (isFolder(installed)) linker.into(installed, join(dirname(tree), 'node_modules'))
    if (dirname(folder) === folder) break
  }
}

/** The texts of the lockfiles in a folder. */
function lockfilesIn(folder: string): string {
  const names = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock']
  return names.map((name) => textOf(join(folder, name)) ?? '').join('\n')
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** What package managers note of what they installed: of the working tree, and not of the revision. */
const notes = /^\.(?:package-lock\.json|pnpm|modules\.yaml|yarn-state\.yml|yarn-integrity|pnpm-workspace-state.*)$/

class Linker {
  readonly #top: string
  readonly #tree: string
  readonly #locks: string

  constructor(top: string, tree: string, locks: string) {
    this.#top = top
    this.#tree = tree
    this.#locks = locks
  }

  into(installed: string, target: string, scope = ''): void {
    mkdirSync(target, { recursive: true })
    const locked = this.#locks.trim() !== ''
    for (const name of readdirSync(installed)) {
      if (name === '.bin' || name === '.cache' || (locked && notes.test(name))) continue
      const source = join(installed, name)
      if (scope === '' && name.startsWith('@') && !lstatSync(source).isSymbolicLink() && isFolder(source)) {
        this.into(source, join(target, name), `${name}/`)
      } else if (!existsSync(join(target, name))) this.#link(source, join(target, name), scope + name)
    }
  }

  #link(source: string, path: string, name: string): void {
    let real: string
    try {
      real = realpathSync(source)
    } catch {
      // A link that leads nowhere: the package is not installed.
      return
    }
    const below = relative(this.#top, real)
    const workspace = isWithin(this.#top, real) && !below.split(sep).includes('node_modules')
    const target = workspace ? join(this.#tree, below) : source
    // A workspace package that the revision does not have.
    if (!existsSync(target) || (!workspace && this.#isOther(source, name))) return
    symlinkSync(target, path, isFolder(target) ? 'junction' : 'file')
  }

  /**
   * Whether a lockfile names this package, and nowhere with the version that is installed. All lockfiles write the
   * version soon after the name; which of its places is meant is left to the compiler.
   */
  #isOther(folder: string, name: string): boolean {
    let version: unknown
    try {
      version = (JSON.parse(textOf(join(folder, 'package.json')) ?? '') as { version?: unknown }).version
    } catch {
      return false
    }
    if (typeof version !== 'string' || version === '') return false
    let named = false
    // Not by regular expressions: there may be thousands of packages, and megabytes of lockfile.
    for (let at = this.#locks.indexOf(name); at >= 0; at = this.#locks.indexOf(name, at + 1)) {
      const end = at + name.length
      if (!/[\s"'/]/.test(this.#locks[at - 1] ?? ' ') || !/["'@:]/.test(this.#locks[end] ?? '')) continue
      named = true
      if (hasVersion(this.#locks.slice(end, end + 400), version)) return false
    }
    return named
  }
}

/** Whether a text has a version that is not a part of a longer one. */
function hasVersion(text: string, version: string): boolean {
  for (let at = text.indexOf(version); at >= 0; at = text.indexOf(version, at + 1)) {
    if (!/[\w.+-]/.test(text[at - 1] ?? '') && !/[\w.+-]/.test(text[at + version.length] ?? '')) return true
  }
  return false
}

/** Whether there is a folder at a path. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep)

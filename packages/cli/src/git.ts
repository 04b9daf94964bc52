/**
 * Old states of a program, from git.
 *
 * A revision is written to a temporary folder from an index of its own: the user's index, working tree and branches are
 * not touched, and what `git archive` leaves out (`export-ignore`) is there. Packages are resolved through links to the
 * `node_modules` of the working tree; workspace packages among them lead to the revision's own folders.
 */
import { execFileSync, type StdioOptions } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { codeOf, UserError } from './errors.ts'
import { isFolder, linkPackages } from './installed.ts'
import { clean } from './text.ts'

/** A commit, and how the user named it. */
export interface Revision {
  readonly name: string
  readonly commit: string
}

/** A revision on the disk. */
export interface Extracted {
  /** The counterpart of the root; nothing where the revision does not have that folder. */
  readonly root: string | undefined
  /** The counterpart of any path in the repository; other paths are returned as they are. */
  moved(path: string): string
  /** Submodules whose commit is not here, by path. */
  readonly missing: readonly string[]
  remove(): void
}

/** Folders to remove should the process end early. */
const folders = new Set<string>()

/** Removes every temporary folder: for the end of the process. */
export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

/** Variables with which a hook points git at one repository; here the folder decides. */
const repositoryVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_PREFIX',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
]

type Env = Readonly<Record<string, string | undefined>>

class GitError extends Error {
  readonly said: string

  constructor(args: readonly string[], said: string) {
    super(`git ${args[0]} failed: ${clean(said.trim())}`)
    this.said = said
  }
}

function git(folder: string, env: Env, args: readonly string[], own: Env = {}): string {
  const environment: Record<string, string | undefined> = { ...process.env, ...env }
  for (const name of repositoryVariables) delete environment[name]
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  try {
    return execFileSync('git', ['-c', 'core.sparseCheckout=false', '-c', 'core.fsmonitor=false', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', ...own },
      maxBuffer: 1 << 30,
      stdio,
    })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new UserError(
        'git was not found, and old states are read from it. Install git, or compare with a manifest: `--since autocache.manifest.json`.',
      )
    }
    const said = (error as { stderr?: unknown }).stderr
    if (typeof said !== 'string') throw error
    throw new GitError(args, said)
  }
}

const parts = (output: string): string[] => output.split('\0').filter((part) => part !== '')

export class Repository {
  /** The folder of the working tree: absolute, without symbolic links. */
  readonly top: string
  readonly #root: string
  readonly #env: Env

  private constructor(top: string, root: string, env: Env) {
    this.top = top
    this.#root = root
    this.#env = env
  }

  /** The repository around a folder. @throws UserError where there is none */
  static open(root: string, env: Env): Repository {
    let top: string
    try {
      top = git(root, env, ['rev-parse', '--show-toplevel']).replace(/\r?\n$/, '')
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      if (/not a git repository/.test(error.said)) {
        throw new UserError(
          `${clean(root)} is in no git repository, so it has no revisions. Compare with a manifest instead: write one with \`autocache manifest\` before the change.`,
        )
      }
      if (/dubious ownership/.test(error.said)) {
        throw new UserError(
          `git refuses the repository around ${clean(root)}, because it belongs to somebody else. If you trust it: git config --global --add safe.directory <folder>.`,
        )
      }
      throw new UserError(`git cannot read the repository around ${clean(root)}: ${clean(error.said.trim())}`)
    }
    return new Repository(realpathSync(top), root, env)
  }

  #git(args: readonly string[], own?: Env): string {
    return git(this.top, this.#env, args, own)
  }

  #try(args: readonly string[]): string | undefined {
    try {
      return this.#git(args).trim()
    } catch (error) {
      if (error instanceof GitError) return undefined
      throw error
    }
  }

  isShallow(): boolean {
    return this.#try(['rev-parse', '--is-shallow-repository']) === 'true'
  }

  /** The commit that a name means. @throws UserError */
  resolve(name: string): Revision {
    const valid = name !== '' && !name.startsWith('-') && !name.includes('\0')
    const commit = valid ? this.#commit(name) : undefined
    if (commit !== undefined) return { name, commit }
    if (valid && name === 'HEAD') {
      throw new UserError('This repository has no commit yet, so there is nothing to compare with.')
    }
    if (this.isShallow()) {
      throw new UserError(
        `There is no revision ${clean(name)} in this shallow clone. Fetch the history first: \`git fetch --unshallow\`, or \`fetch-depth: 0\` for actions/checkout.`,
      )
    }
    throw new UserError(
      `There is no revision ${clean(name)}. Give a branch, a tag, a commit, or the path of a manifest (.json). Has the branch been fetched?`,
    )
  }

  #commit(name: string): string | undefined {
    return this.#try(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]) || undefined
  }

  /** Where two lines of history part. @throws UserError */
  mergeBase(left: Revision, right: Revision, name: string): Revision {
    const commit = this.#try(['merge-base', left.commit, right.commit])
    if (commit) return { name, commit }
    throw new UserError(
      `${clean(left.name)} and ${clean(right.name)} have no common commit here. ${
        this.isShallow()
          ? 'This is a shallow clone: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout.'
          : 'Name the base yourself: `autocache diff <base>`.'
      }`,
    )
  }

  /** Where the current branch left the default one; `HEAD` where no default branch is known. @throws UserError */
  defaultBase(): Revision {
    const head = this.resolve('HEAD')
    for (const name of ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master']) {
      const commit = this.#commit(`refs/remotes/${name}`) ?? this.#commit(`refs/heads/${name}`)
      if (commit === undefined) continue
      const branch = name === 'origin/HEAD' ? (this.#try(['rev-parse', '--abbrev-ref', name]) ?? name) : name
      return this.mergeBase({ name: branch, commit }, head, commit === head.commit ? 'HEAD' : branch)
    }
    if (this.isShallow()) {
      throw new UserError(
        'This is a shallow clone without its default branch, so there is nothing to compare with. Fetch it: `fetch-depth: 0` for actions/checkout, or `git fetch --unshallow origin main`. Or name a base: `autocache diff <base>`.',
      )
    }
    return head
  }

  /** Whether the working tree differs from `HEAD`. */
  isDirty(): boolean {
    return this.#git(['status', '--porcelain', '--untracked-files=normal']).trim() !== ''
  }

  /** The last commit that changed a file, where it is as it was committed. */
  lastChange(file: string): Revision | undefined {
    const path = relative(this.top, file)
    if (path.startsWith('..') || this.#try(['status', '--porcelain', '--', path]) !== '') return undefined
    const commit = this.#try(['log', '-1', '--format=%H', '--', path])
    return commit ? { name: commit.slice(0, 10), commit } : undefined
  }

  /** Writes a revision to a temporary folder. */
  extract(revision: Revision): Extracted {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'autocache-cli-')))
    folders.add(folder)
    const remove = () => {
      rmSync(folder, { recursive: true, force: true })
      folders.delete(folder)
    }
    try {
      const tree = join(folder, 'tree')
      mkdirSync(tree)
      const missing: string[] = []
      this.#write(this.top, revision.commit, tree, join(folder, 'index'), missing)
      linkPackages(this.top, tree)
      const moved = (path: string): string => {
        const below = relative(this.top, path)
        return below === '..' || below.startsWith(`..${sep}`) || resolve(below) === below ? path : join(tree, below)
      }
      const root = moved(this.#root)
      return { root: isFolder(root) ? root : undefined, moved, missing, remove }
    } catch (error) {
      remove()
      if (error instanceof GitError) {
        throw new UserError(
          `${clean(revision.name)} cannot be read from git: ${clean(error.said.trim())}${
            /missing|promisor|unable to read/.test(error.said) ? ' Fetch it first: `git fetch`.' : ''
          }`,
        )
      }
      if (codeOf(error) === 'ENOSPC') throw new UserError(`There is no room for a copy of the sources in ${tmpdir()}.`)
      throw error
    }
  }

  /** Writes a commit, and those of its submodules that are here. */
  #write(top: string, commit: string, target: string, index: string, missing: string[]): void {
    const own = { GIT_INDEX_FILE: index }
    git(top, this.#env, ['read-tree', commit], own)
    git(top, this.#env, ['checkout-index', '--all', '--quiet', '--force', `--prefix=${target}${sep}`], own)
    rmSync(index, { force: true })
    for (const line of parts(git(top, this.#env, ['ls-tree', '-r', '-z', commit]))) {
      const [, mode, hash, path] = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]*)$/.exec(line) ?? []
      if (mode !== '160000' || hash === undefined || path === undefined) continue
      const module = join(top, path)
      const name = relative(this.top, module)
      if (!existsSync(join(module, '.git'))) {
        missing.push(name)
        continue
      }
      try {
        mkdirSync(join(target, path), { recursive: true })
        this.#write(module, hash, join(target, path), index, missing)
      } catch (error) {
        if (!(error instanceof GitError)) throw error
        missing.push(name)
      }
    }
  }
}

/** How a revision reads in a report: `main (1a2b3c4)`. */
export function nameOfRevision({ name, commit }: Revision): string {
  const short = commit.slice(0, 7)
  return commit.startsWith(name) ? short : `${clean(name)} (${short})`
}

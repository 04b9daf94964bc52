/**
 * Whether a folder is what it was when `autocache stamp` wrote into it. Its stamps are about all of its files together, and a
 * compiler that builds what was edited writes some of them anew: the others would keep versions of code that is gone.
 *
 * Looked at once in a process, when the first version is asked for. Where there are no files to look at, or the module runs
 * from elsewhere, such as from a bundle that was made of the folder, it is believed.
 */
import { digest } from './digest.ts'
import { common, processId } from './version.ts'

/** What is used of the file system of Node. */
interface FileSystem {
  readdirSync(folder: string, options: { withFileTypes: true }): readonly Entry[]
  readFileSync(file: string, encoding: 'utf8'): string
}

interface Entry {
  readonly name: string
  isDirectory(): boolean
  isFile(): boolean
}

interface Host {
  getBuiltinModule?(name: string): any
  emitWarning?(text: string, options: { readonly type: string; readonly code: string }): void
}

const known = common('autocache.built', () => new Map<string, boolean>())

/**
 * What gives out versions as long as the folder of a module is the one that was stamped, and else such as nobody shares.
 * @param where the URL or the path that the module is run from
 * @param own the path of the module in the folder
 * @param stamped the digest of the folder
 */
export function built(where: string, own: string, stamped: string): (version: string) => string {
  const host = (globalThis as { readonly process?: Host }).process
  let believed: boolean | undefined
  const isRight = () => (believed ??= look())
  const look = () => {
    const folder = folderOf(host, where, own)
    if (folder === undefined) return true
    const key = `${stamped} ${folder}`
    let right = known.get(key)
    if (right === undefined) {
      const now = digestOf(host!.getBuiltinModule!('node:fs') as FileSystem, folder)
      right = now === undefined || now === stamped
      known.set(key, right)
      if (!right) {
        host!.emitWarning?.(
          `${folder} was built in part since \`autocache stamp\` wrote into it. Its cached functions share nothing until it is stamped again.`,
          { type: 'AutocacheWarning', code: 'stale' },
        )
      }
    }
    return right
  }
  return (version) => (isRight() ? version : `p-${processId()}-${version}`)
}

/** The folder with `/`; undefined where the module is not where it was stamped. */
function folderOf(host: Host | undefined, where: string, own: string): string | undefined {
  if (typeof host?.getBuiltinModule !== 'function') return undefined
  try {
    const path = where.startsWith('file:') ? (host.getBuiltinModule('node:url').fileURLToPath(where) as string) : where
    const file = path.replaceAll('\\', '/')
    return file.endsWith(`/${own}`) ? file.slice(0, -own.length) : undefined
  } catch {
    return undefined
  }
}

/** What a compiler writes; beside it stand files of others. */
const part = /^(?!(?:package|autocache\.manifest)\.json$).*\.(?:[mc]?js|jsx|json)$/

function digestOf(fs: FileSystem, folder: string): string | undefined {
  const traces: string[] = []
  const pending = ['']
  try {
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const entry of fs.readdirSync(folder + at, { withFileTypes: true })) {
        const name = at + entry.name
        if (entry.isDirectory() && entry.name !== 'node_modules') pending.push(`${name}/`)
        else if (entry.isFile() && part.test(entry.name)) {
          const text = fs.readFileSync(folder + name, 'utf8')
          if (name.endsWith('.json') || text.includes('sourceMappingURL=')) traces.push(`${name} ${traceOf(text)}`)
        }
      }
    }
  } catch {
    // Nothing to look at: a virtual file system, or no permission.
    return undefined
  }
  return digest(traces.sort().join('\n')).slice(0, 16)
}

/** A stamped file says itself what it was before. */
const traceOf = (text: string): string =>
  /\n\/\/# autocacheStamps=([\w-]{16})(?:;\d+,\d+)+\s*$/.exec(text)?.[1] ?? digest(text).slice(0, 16)

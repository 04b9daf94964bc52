/**
 * Where sources come from: the disk, or a `read` of the host. What cannot be read says why; nothing here throws.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** What a file holds, or why that cannot be known. */
export type Contents =
  | { readonly bytes: Uint8Array }
  | {
      /** The file exists, and this is what stands in the way: `permission denied`. */
      readonly failure: string
      /** What can be seen of the file from outside: it differs when the file was written since. */
      readonly trace: string
      /** It could be read and is only too much. */
      readonly large?: true
    }

/** Files by absolute path. */
export interface Files {
  /** Reads what the project lies on: false when the host hands out the texts. */
  readonly disk: boolean
  /** The file; undefined where there is none. One of more than `limit` bytes is a failure. */
  read(file: string, limit?: number): Contents | undefined
  kind(path: string): 'file' | 'folder' | undefined
  /** The path behind symbolic links; the path itself where that cannot be told. */
  real(path: string): string
  /** A digest of the bytes, read in pieces; undefined where there is no such file or it cannot be read. */
  digest(file: string): string | undefined
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'a loop of symbolic links',
  EISDIR: 'it is a folder',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk reported an error',
}

/** The last is the answer to a path with a NUL, which bundlers mark their own modules with. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ERR_INVALID_ARG_VALUE'])

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code ?? 'unknown error')

/** A digest for content: 128 bits of SHA-256, in hex. */
export const digestOf = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex').slice(0, 32)

const chunk = 1 << 20

const tooLarge = (size: number): Contents => ({
  failure: `it has ${(size / 1024 / 1024).toFixed(1)} MB`,
  trace: '',
  large: true,
})

/** Links of the disk count for hosts as well: most hand out what lies there. */
function realPaths(): (path: string) => string {
  const known = new Map<string, string>()
  return (path) => {
    let real = known.get(path)
    if (real === undefined) {
      try {
        real = realpathSync.native(path)
      } catch {
        real = resolve(path)
      }
      known.set(path, real)
    }
    return real
  }
}

/** Files of the disk. */
export function diskFiles(): Files {
  const kinds = new Map<string, 'file' | 'folder' | undefined>()
  const fail = (file: string, code: string): Contents | undefined => {
    if (absent.has(code)) return undefined
    let trace = code
    try {
      const { size, mtimeMs } = statSync(file)
      trace += `:${size}:${mtimeMs}`
    } catch {
      // A link that leads to itself has no more to show.
    }
    return { failure: reasons[code] ?? code, trace }
  }
  const digest = (file: string): string | undefined => {
    let handle: number | undefined
    try {
      if (!statSync(file).isFile()) return undefined
      handle = openSync(file, 'r')
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(chunk)
      for (let count = readSync(handle, buffer); count > 0; count = readSync(handle, buffer)) {
        hash.update(buffer.subarray(0, count))
      }
      return hash.digest('hex').slice(0, 32)
    } catch {
      return undefined
    } finally {
      if (handle !== undefined) closeSync(handle)
    }
  }
  return {
    disk: true,
    read(file, limit = Number.POSITIVE_INFINITY) {
      try {
        const found = statSync(file)
        // A pipe would be waited for, and a device has no end.
        if (!found.isFile())
          return { failure: found.isDirectory() ? 'it is a folder' : 'it is no regular file', trace: '' }
        return found.size > limit ? tooLarge(found.size) : { bytes: readFileSync(file) }
      } catch (error) {
        return fail(file, codeOf(error))
      }
    },
    kind(path) {
      if (kinds.has(path)) return kinds.get(path)
      let kind: 'file' | 'folder' | undefined
      try {
        const found = statSync(path, { throwIfNoEntry: false })
        kind = found?.isDirectory() ? 'folder' : found ? 'file' : undefined
      } catch (error) {
        // What exists and cannot be reached is a file that cannot be read: the reader says why.
        kind = absent.has(codeOf(error)) ? undefined : 'file'
      }
      kinds.set(path, kind)
      return kind
    },
    real: realPaths(),
    digest,
  }
}

const encoder = new TextEncoder()

/** Files that a host hands out. It is not known which folders there are. */
export function hostFiles(read: (file: string) => Uint8Array | string | undefined): Files {
  const seen = new Map<string, Contents | undefined>()
  const take = (file: string): Contents | undefined => {
    if (seen.has(file)) return seen.get(file)
    let contents: Contents | undefined
    try {
      const found = read(file)
      if (found !== undefined) contents = { bytes: typeof found === 'string' ? encoder.encode(found) : found }
    } catch (error) {
      const code = codeOf(error)
      // A host that reads the disk meets folders where it was asked whether something exists.
      contents = absent.has(code) || code === 'EISDIR' ? undefined : { failure: reasons[code] ?? code, trace: code }
    }
    seen.set(file, contents)
    return contents
  }
  return {
    disk: false,
    read(file, limit = Number.POSITIVE_INFINITY) {
      const contents = take(file)
      if (contents === undefined || !('bytes' in contents) || contents.bytes.byteLength <= limit) return contents
      return tooLarge(contents.bytes.byteLength)
    },
    kind: (path) => (take(path) === undefined ? undefined : 'file'),
    real: realPaths(),
    digest(file) {
      const contents = take(file)
      return contents !== undefined && 'bytes' in contents ? digestOf(contents.bytes) : undefined
    },
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Bytes as the text of a source; undefined where they are none. A byte order mark is no part of it. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

import { relative, resolve, sep } from 'node:path'

/** The root of projects that are not on the disk. */
export const memoryRoot = resolve('/project')

/** A `read` over texts by relative name. */
export function readFrom(files: Readonly<Record<string, string | Uint8Array>>) {
  return (file: string): string | Uint8Array | undefined => {
    const name = relative(memoryRoot, file).split(sep).join('/')
    return Object.hasOwn(files, name) ? files[name] : undefined
  }
}

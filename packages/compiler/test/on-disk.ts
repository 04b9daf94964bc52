import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A link in a tree of {@link onDisk}, relative to the file that it stands in for. */
export interface Link {
  readonly link: string
}

/** Writes a tree of files to a folder that ends with the test, and returns its real path. */
export function onDisk(files: Readonly<Record<string, string | Uint8Array | Link>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'autocache-compiler-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  write(root, files)
  return root
}

/** Adds files to a tree. */
export function write(root: string, files: Readonly<Record<string, string | Uint8Array | Link>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, name)
    mkdirSync(dirname(file), { recursive: true })
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file, content)
    else symlinkSync(content.link, file)
  }
}

import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, messageOf, UserError } from './errors.ts'
import { clean } from './text.ts'

/** Writes a file at once: whoever reads it meanwhile sees the old one or the new one. @throws UserError */
export function writeWhole(path: string, text: string, remedy: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(draft, text)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new UserError(`${clean(path)} cannot be written (${clean(codeOf(error) ?? messageOf(error))}). ${remedy}`)
  }
}

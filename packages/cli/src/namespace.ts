import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from './errors.ts'

/** The namespace of core where none is given: the name of the nearest package. @throws UserError where there is none */
export function packageName(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
      if (typeof name === 'string' && name !== '') return name
    } catch {
      // No readable package.json here: the folder above may have one.
    }
    if (dirname(folder) === folder) break
  }
  throw new UserError('Name the namespace of the entries: --namespace <name>, as in createAutocache().')
}

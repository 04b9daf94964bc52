import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { codeOf, exitCodes, messageOf, UserError } from './errors.ts'
import { analyse, type Context } from './program.ts'
import { clean, count, safeJson } from './text.ts'

export interface ManifestOptions {
  readonly out?: string
}

/** `autocache manifest`: writes what the other commands compare with. */
export async function manifest(context: Context, { out }: ManifestOptions): Promise<number> {
  const { terminal, io, root } = context
  const analysis = await analyse(context)
  const { writeManifest } = await context.compiler()
  const text = writeManifest(analysis.manifest())
  if (out === '-') {
    io.out.write(safeJson(text))
    return exitCodes.fine
  }
  const path = out === undefined ? join(root, 'autocache.manifest.json') : resolve(io.cwd, out)
  writeWhole(path, text)
  if (context.options.json) terminal.json({ file: path, functions: analysis.functions.length })
  else terminal.print(`Wrote ${clean(path)}: ${count(analysis.functions.length, 'cached function')}.`)
  return exitCodes.fine
}

/** Writes a file at once: whoever reads it meanwhile sees the old one or the new one. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(draft, text)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new UserError(
      `The manifest ${clean(path)} cannot be written (${clean(codeOf(error) ?? messageOf(error))}). Give --out a path that can.`,
    )
  }
}

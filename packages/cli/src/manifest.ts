import { join, resolve } from 'node:path'
import { exitCodes } from './errors.ts'
import { analyse, type Context } from './program.ts'
import { clean, count, safeJson } from './text.ts'
import { writeWhole } from './write.ts'

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
  writeWhole(path, text, 'Give --out a path that can.')
  if (context.options.json) terminal.json({ file: path, functions: analysis.functions.length })
  else terminal.print(`Wrote ${clean(path)}: ${count(analysis.functions.length, 'cached function')}.`)
  return exitCodes.fine
}

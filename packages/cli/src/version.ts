import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import type { Analysis } from '@autocache/compiler'
import { globSync } from 'tinyglobby'
import { compareText } from './compare.ts'
import { exitCodes, messageOf, UserError } from './errors.ts'
import { analyse, type Context, isCompilerError, splitTarget, versionOf } from './program.ts'
import { clean, count } from './text.ts'

interface Row {
  readonly file: string
  readonly export: string
  readonly version: string
}

/** `autocache version`: versions of exports, cached or not. */
export async function version(context: Context, targets: readonly string[]): Promise<number> {
  const { terminal } = context
  for (const target of targets) {
    const { file, name } = splitTarget(target)
    if (!file || !name) {
      throw new UserError(
        `${clean(target)} names no export. Write <file>#<export>, such as src/price.ts#total, or '<glob>#*' for all exports of some files.`,
      )
    }
  }
  const analysis = await analyse(context)
  const rows: Row[] = []
  const problems: string[] = []
  for (const target of targets) {
    const { file, name } = splitTarget(target)
    if (name === '*') versionsOfAll(analysis, file!, rows, problems)
    else {
      const found = versionOf(analysis, file!, name)
      rows.push({ file: found.file, export: name, version: found.version })
    }
  }
  for (const problem of problems) terminal.note(`note: ${problem}`)
  if (context.options.json) terminal.json(rows)
  else if (rows.length === 1 && targets.length === 1) terminal.print(clean(rows[0]!.version))
  else {
    for (const row of rows) {
      terminal.print(`${terminal.color.cyan(clean(row.version))}  ${clean(row.file)}#${clean(row.export)}`)
    }
    if (rows.length === 0) terminal.note(`note: none of these files exports anything.`)
  }
  return exitCodes.fine
}

/** The source files that a glob names; a name such as `[id].ts` is taken as it is where there is such a file. */
function filesOf(root: string, pattern: string): string[] {
  const found = existsSync(resolve(root, pattern))
    ? [resolve(root, pattern)]
    : globSync(
        pattern
          .split(sep)
          .join('/')
          .replace(/^(?:\.\/)+/, ''),
        {
          cwd: root,
          ignore: ['**/node_modules/**', '**/*.d.ts', '**/*.d.mts', '**/*.d.cts'],
          followSymbolicLinks: false,
          expandDirectories: false,
          onlyFiles: true,
          absolute: true,
        },
      )
  return found
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
    .map((file) => relative(root, file).split(sep).join('/'))
    .sort(compareText)
}

function versionsOfAll(analysis: Analysis, pattern: string, rows: Row[], problems: string[]): void {
  const files = filesOf(analysis.root, pattern)
  if (files.length === 0) {
    throw new UserError(
      `No source file matches ${clean(pattern)} in ${clean(analysis.root)}. Globs are relative to --root; quote them for the shell.`,
    )
  }
  for (const file of files) {
    try {
      for (const name of [...analysis.exportsOf(file)].sort(compareText)) {
        rows.push({ file, export: name, version: analysis.versionOf(file, name).version })
      }
    } catch (error) {
      // One file among many that is no part of the program must not hide the others.
      if (!isCompilerError(error)) throw error
      problems.push(`${clean(file)} is left out: ${clean(messageOf(error))}`)
    }
  }
  if (rows.length === 0 && problems.length === files.length) {
    throw new UserError(`None of ${count(files.length, 'file')} could be read. The first: ${problems[0]}`)
  }
}

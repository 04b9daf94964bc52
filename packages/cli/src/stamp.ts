import { chmodSync, statSync, utimesSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import type { Diagnostic, FolderPlan, PlannedFile } from '@autocache/compiler'
import { exitCodes, UserError } from './errors.ts'
import { isFolder } from './installed.ts'
import { analyse, type Context } from './program.ts'
import { diagnosticText, tally } from './render.ts'
import { clean, count } from './text.ts'
import { writeWhole } from './write.ts'

export interface StampOptions {
  readonly check?: boolean
}

/** `autocache stamp <outDir>`: writes versions into what tsc or swc wrote. */
export async function stamp(context: Context, folder: string, { check = false }: StampOptions): Promise<number> {
  const { io, terminal, options } = context
  const outDir = resolve(io.cwd, folder)
  if (!isFolder(outDir)) {
    throw new UserError(
      `There is no folder ${clean(outDir)}. Build first, and give the folder that tsc or swc writes to.`,
    )
  }
  const analysis = await analyse(context, undefined, { outputs: [outDir] })
  const { planFolder } = await context.compiler()
  const plan = planFolder(analysis, outDir, true)
  const name = (file: string) => clean(relative(io.cwd, file) || '.')
  refuse(plan, outDir, analysis.root, name)

  const changed = plan.files.filter(({ code, map, stamped }) => code !== stamped.code || map?.text !== stamped.map)
  if (!check) for (const file of changed) write(file)
  const stamped = plan.files.filter(({ stamped: { stamps } }) => stamps.length > 0)
  const functions = stamped.reduce((all, one) => all + one.stamped.stamps.length, 0)
  const diagnostics = plan.files.flatMap((one) => one.stamped.diagnostics).filter(isOnce())
  const problems = plan.files.flatMap((one) => problemOf(one, analysis.root, name) ?? [])
  const failed = problems.length > 0 || diagnostics.some(({ level }) => level === 'error')
  if (options.json) {
    terminal.json({
      folder: outDir,
      stamps: stamped.flatMap((one) => one.stamped.stamps.map((each) => ({ ...each, file: name(one.file) }))),
      changed: changed.map(({ file }) => name(file)),
      written: !check,
      problems,
      diagnostics,
    })
  } else {
    for (const one of diagnostics) if (one.level !== 'info') terminal.print(diagnosticText(terminal.color, one))
    for (const one of problems) terminal.print(one)
    const what = `${count(functions, 'stamp')} in ${count(stamped.length, 'file')} of ${name(outDir)}`
    const did = check ? `${count(changed.length, 'file')} to write` : `${count(changed.length, 'file')} written`
    terminal.print(`${what}, ${did}; ${tally(diagnostics)}`)
  }
  return failed || (check && changed.length > 0) ? exitCodes.findings : exitCodes.fine
}

/** What makes stamps impossible, or wrong. @throws UserError */
function refuse({ files, stale, unmapped }: FolderPlan, outDir: string, root: string, name: (file: string) => string) {
  const here = name(outDir)
  if (files.length === 0) throw new UserError(`There is no JavaScript in ${here}. Build first.`)
  const listed = (names: readonly string[]) =>
    names.slice(0, 5).map(name).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '')
  const own = files.filter(({ stamped: { source } }) => source !== undefined && isWithin(root, source))
  const others = files.flatMap(({ stamped: { source } }) =>
    source === undefined || isWithin(root, source) ? [] : [source],
  )
  if (own.length === 0 && others.length > 0) {
    throw new UserError(
      `${here} was made from ${listed(others)}, which is not in ${clean(root)}. Give --root the folder of that program.`,
    )
  }
  if (unmapped.length > 0) {
    throw new UserError(
      `${listed(unmapped.map(({ file }) => file))}: there is no source map, so no function can be found again. ` +
        'Set `sourceMap` (tsc) or `sourceMaps` (swc), and build again.',
    )
  }
  if (stale.length > 0) {
    throw new UserError(`${listed(stale)}: the source was edited since. Build again; nothing was written.`)
  }
  if (own.length === 0) {
    throw new UserError(
      `Nothing in ${here} was made from sources in ${clean(root)}, as far as source maps tell. Is this what tsc or swc wrote, with source maps?`,
    )
  }
}

/** What is wrong with one file; nothing where it is none of ours. */
function problemOf(
  { file, code, stamped }: PlannedFile,
  root: string,
  name: (file: string) => string,
): string | undefined {
  const { problem, source } = stamped
  const isOurs = code !== stamped.code || code.includes('@autocache/')
  switch (problem) {
    case 'altered':
      return `${name(file)} was changed after it was stamped. Build again.`
    case 'no-source':
      return source !== undefined && isWithin(root, source)
        ? `${name(file)} was made from ${name(source)}, which does not exist any more. Remove it, or empty the folder and build again.`
        : undefined
    case 'many-sources':
      return isOurs
        ? `${name(file)} was made from several sources, as bundlers do. Use the plugin of the bundler instead.`
        : undefined
    default:
      return undefined
  }
}

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep)

function isOnce(): (one: Diagnostic) => boolean {
  const seen = new Set<string>()
  return ({ code, position, message }) => {
    const key = `${position.file}:${position.line}:${position.column} ${code} ${message}`
    return !seen.has(key) && seen.add(key) !== undefined
  }
}

/** Times and permissions stay those of the build: by them it is known later whether the source was edited since. */
function write({ file, code, map, stamped }: PlannedFile): void {
  const put = (path: string, text: string) => {
    const { atime, mtime, mode } = statSync(path)
    writeWhole(path, text, 'Is it yours to write?')
    chmodSync(path, mode)
    utimesSync(path, atime, mtime)
  }
  if (code !== stamped.code) put(file, stamped.code)
  if (map !== undefined && stamped.map !== undefined && map.text !== stamped.map) put(map.file, stamped.map)
}

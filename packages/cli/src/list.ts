import type { Diagnostic } from '@autocache/compiler'
import { exitCodes } from './errors.ts'
import { analyse, type Context } from './program.ts'
import { diagnosticText, inputLines, levels, packageText, place, tally } from './render.ts'
import { functionShape } from './shapes.ts'
import type { FunctionState } from './state.ts'
import { clean, count } from './text.ts'

/** `autocache list`: every cached function. */
export async function list(context: Context): Promise<number> {
  const { terminal } = context
  const analysis = await analyse(context)
  if (context.options.json) {
    terminal.json({
      functions: analysis.functions.map(functionShape),
      diagnostics: analysis.diagnostics,
    })
    return exitCodes.fine
  }
  const { color } = terminal
  if (analysis.functions.length === 0) {
    terminal.print(`No cached function in ${clean(analysis.root)}.`)
    terminal.print('A function is found where `cached` of an @autocache/* package, of an instance made by')
    terminal.print('createAutocache(), or of a configured wrapper is used.')
    return exitCodes.fine
  }
  for (const one of analysis.functions) {
    terminal.print(`${color.bold(clean(one.label))}  ${color.dim(place(one))}`)
    terminal.print(`  version      ${color.cyan(clean(one.version))}`)
    for (const [name, values] of rows(one)) terminal.print(`  ${name.padEnd(12)} ${values}`)
    for (const found of one.diagnostics) terminal.print(indented(diagnosticText(color, found)))
    terminal.print()
  }
  // What concerns a file and no function of it.
  const told = new Set(analysis.functions.flatMap((one) => one.diagnostics).map(placeOf))
  const others = analysis.diagnostics.filter((one) => !told.has(placeOf(one)))
  for (const one of others) terminal.print(diagnosticText(color, one))
  if (others.length > 0) terminal.print()
  terminal.print(`${count(analysis.functions.length, 'cached function')}, ${tally(analysis.diagnostics)}`)
  return exitCodes.fine
}

const placeOf = ({ code, position }: Diagnostic): string =>
  `${code} ${position.line} ${position.column} ${position.file}`

function rows(one: FunctionState): [string, string][] {
  const files = new Set(one.definitions.map(({ file }) => file)).size
  const packages = [...new Set(one.packages.map(packageText))]
  return [
    ['reaches', `${count(one.definitions.length, 'definition')} in ${count(files, 'file')}`],
    ...(packages.length > 0 ? ([['packages', packages.join(', ')]] as [string, string][]) : []),
    ...inputLines(one).map(([name, values]): [string, string] => [name, values.join(', ')]),
  ]
}

const indented = (text: string): string => text.replace(/^/gm, '  ')

/** `autocache check`: the diagnostics, and whether there is an error among them. */
export async function check(context: Context): Promise<number> {
  const { terminal } = context
  const analysis = await analyse(context)
  const diagnostics = [...analysis.diagnostics].sort(bySeverity)
  const of = (level: Diagnostic['level']) => diagnostics.filter((one) => one.level === level).length
  if (context.options.json) {
    terminal.json({
      functions: analysis.functions.length,
      errors: of('error'),
      warnings: of('warning'),
      infos: of('info'),
      diagnostics,
    })
  } else {
    for (const one of diagnostics) terminal.print(diagnosticText(terminal.color, one))
    if (diagnostics.length > 0) terminal.print()
    terminal.print(`${count(analysis.functions.length, 'cached function')}, ${tally(diagnostics)}`)
  }
  return of('error') > 0 ? exitCodes.findings : exitCodes.fine
}

function bySeverity(a: Diagnostic, b: Diagnostic): number {
  const file = a.position.file < b.position.file ? -1 : a.position.file > b.position.file ? 1 : 0
  return (
    levels.indexOf(a.level) - levels.indexOf(b.level) ||
    file ||
    a.position.line - b.position.line ||
    a.position.column - b.position.column
  )
}

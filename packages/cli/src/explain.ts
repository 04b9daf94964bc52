import { resolve } from 'node:path'
import type { Analysis } from '@autocache/compiler'
import { type Cause, causesOf, pairFunctions } from './compare.ts'
import { exitCodes, UserError } from './errors.ts'
import { analyse, type Context, findFunction, nameOf, splitTarget } from './program.ts'
import { causePath, causeText, diagnosticText, inputLines, pathText, place, treeLines } from './render.ts'
import { briefShape, causeShape, functionShape } from './shapes.ts'
import { diffText, type SourceDiff, sourceDiff } from './source-diff.ts'
import { analysedState, type FunctionState, type State } from './state.ts'
import { States } from './states.ts'
import type { Terminal } from './terminal.ts'
import { clean, count } from './text.ts'

export interface ExplainOptions {
  readonly since?: string
}

/** `autocache explain`: why a function has its version, or another one than before. */
export async function explain(context: Context, target: string, { since }: ExplainOptions): Promise<number> {
  if (since !== undefined) return await explainSince(context, target, since)
  const { terminal } = context
  const found = findFunction(await analyse(context), target)
  if (context.options.json) {
    terminal.json(functionShape(found))
    return exitCodes.fine
  }
  const { color } = terminal
  terminal.print(`${color.bold(clean(nameOf(found)))}  ${color.dim(place(found))}`)
  terminal.print(`version ${color.cyan(clean(found.version))}`)
  terminal.print()
  terminal.print(
    `The version is a digest of ${count(found.definitions.length, 'definition')}${
      found.packages.length > 0 ? ` and ${count(found.packages.length, 'package')}` : ''
    }:`,
  )
  for (const line of treeLines(color, found)) terminal.print(line)
  const inputs = inputLines(found)
  if (inputs.length > 0) {
    terminal.print()
    terminal.print(
      'Not in the version: inputs that belong into the key, by value (a stamp puts them there; else use `deps` or `key`):',
    )
    for (const [name, values] of inputs) terminal.print(`  ${name.padEnd(9)} ${values.join(', ')}`)
  }
  if (found.diagnostics.length > 0) {
    terminal.print()
    for (const one of found.diagnostics) terminal.print(diagnosticText(color, one))
  }
  return exitCodes.fine
}

async function explainSince(context: Context, target: string, since: string): Promise<number> {
  const states = new States(context)
  try {
    // Before the analysis, so that a name that means nothing is told at once.
    const fromManifest = states.isManifest(since)
    let before = await states.open(since)
    const analysis = await analyse(context)
    const after = analysedState('the working tree', analysis, (await context.compiler()).compilerContract)
    const [was, is] = renamed(counterparts(analysis, before, after, target, fromManifest), before, after)
    if (was === undefined || is === undefined) return absent(context, target, before, after, was, is)
    const causes = causesOf(was, is, [before, after])
    let old = was
    if (fromManifest && causes.some(({ kind }) => kind === 'edited' || kind === 'removed')) {
      const sourced = await withSources(states, since, context, was)
      if (sourced) [before, old] = sourced
    }
    report(context, [before, old], [after, is], causes)
    return exitCodes.fine
  } finally {
    states.close()
  }
}

type Found = FunctionState | undefined

/** A function that there is on one side only may have another label on the other, as `diff` sees it. */
function renamed([was, is]: readonly [Found, Found], before: State, after: State): readonly [Found, Found] {
  if (was !== undefined && is !== undefined) return [was, is]
  return (
    pairFunctions(before.functions, after.functions).pairs.find(([old, now]) => old === was || now === is) ?? [was, is]
  )
}

function counterparts(analysis: Analysis, before: State, after: State, target: string, fromManifest: boolean) {
  const labelled = (state: State) => state.functions.filter(({ label }) => label === target)
  const { file, name } = splitTarget(target)
  if (labelled(after).length === 0 && labelled(before).length === 0 && file !== undefined) {
    const is = after.find(file, name)
    if (!fromManifest) {
      const pair: [Found, Found] = [before.find(file, name), is]
      if (pair[0] === undefined && pair[1] === undefined) findFunction(analysis, target)
      return pair
    }
    const cached = after.functions.find((one) => one.file === is?.file && one.export === name)
    const label = cached?.label ?? name
    const was = before.functions.find((one) => one.file === file.replace(/^\.\//, '') && one.label === label)
    if (was === undefined && is === undefined) findFunction(analysis, target)
    if (was === undefined && is !== undefined && cached === undefined) {
      throw new UserError(
        `${clean(target)} is not a cached function, and a manifest holds those only. Compare with a revision: --since <branch or commit>.`,
      )
    }
    return [was, cached ?? is] as [Found, Found]
  }
  if (labelled(after).length === 0 && labelled(before).length > 0) return [labelled(before)[0], undefined] as const
  const is: FunctionState = findFunction(analysis, target)
  const same = labelled(before)
  return [same.find((one) => one.file === is.file) ?? (same.length === 1 ? same[0] : undefined), is] as const
}

function absent({ terminal, options }: Context, target: string, before: State, after: State, was: Found, is: Found) {
  const only = (is ?? was)!
  if (options.json) {
    terminal.json({
      change: is ? 'new' : 'removed',
      label: only.label,
      file: only.file,
      line: only.line,
      since: before.name,
      ...(was ? { from: was.version } : {}),
      ...(is ? { to: is.version } : {}),
      causes: [],
    })
  } else if (is) terminal.print(`${clean(target)} did not exist in ${clean(before.name)}; it is new, at ${place(is)}.`)
  else terminal.print(`${clean(target)} is gone from ${after.name}; in ${clean(before.name)} it was at ${place(only)}.`)
  return exitCodes.fine
}

/**
 * The sources behind a manifest, from git. A manifest does not say which revision it was made from, so a revision is
 * believed only if the function has the same version there.
 */
async function withSources(
  states: States,
  manifest: string,
  context: Context,
  was: FunctionState,
): Promise<[State, FunctionState] | undefined> {
  try {
    const { repository } = states
    const candidates = [repository.lastChange(resolve(context.io.cwd, manifest)), repository.resolve('HEAD')]
    const tried = new Set<string>()
    for (const candidate of candidates) {
      if (candidate === undefined || tried.has(candidate.commit)) continue
      tried.add(candidate.commit)
      const state = await states.at(candidate)
      const same = state.functions.find(({ label, version }) => label === was.label && version === was.version)
      if (same) return [{ ...state, name: manifest }, same]
    }
  } catch (error) {
    // The sources are a help; without them the digests are told.
    if (!(error instanceof UserError)) throw error
  }
  return undefined
}

function report(
  { terminal, options }: Context,
  [before, was]: readonly [State, FunctionState],
  [after, is]: readonly [State, FunctionState],
  causes: readonly Cause[],
): void {
  const diffs = causes.map((cause) => sourceDiff(cause, [before, was], [after, is]))
  if (options.json) {
    terminal.json({
      change: was.version === is.version ? (was.label === is.label ? 'none' : 'renamed') : 'changed',
      ...briefShape(is),
      since: before.name,
      from: was.version,
      to: is.version,
      causes: causes.map((cause, index) => causeShape(cause, diffs[index] && diffText(diffs[index]))),
    })
    return
  }
  const { color } = terminal
  terminal.print(`${color.bold(clean(nameOf(is)))}  ${color.dim(place(is))}`)
  if (causes.length === 0) {
    terminal.print(`version ${color.cyan(clean(is.version))}, the same as in ${clean(before.name)}`)
    return
  }
  terminal.print(`version ${color.cyan(clean(is.version))}`)
  terminal.print(`was     ${color.cyan(clean(was.version))}  in ${clean(before.name)}`)
  causes.forEach((cause, index) => {
    terminal.print()
    terminal.print(causeText(cause))
    const path = causePath(cause)
    if (path) terminal.print(color.dim(`  ${pathText(path)}`))
    const diff = diffs[index]
    if (diff) printDiff(terminal, diff)
  })
}

function printDiff(terminal: Terminal, diff: SourceDiff): void {
  const { color } = terminal
  if ('missing' in diff) {
    terminal.print(color.dim(`  (${diff.missing})`))
    return
  }
  const paint = { '+': color.green, '-': color.red, ' ': String, '@': color.dim }
  for (const { sign, text } of diff.lines) terminal.print(paint[sign](`  ${sign === '@' ? '@@ ' : sign}${text}`))
}

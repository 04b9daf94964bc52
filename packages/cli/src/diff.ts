import { type Comparison, compareStates } from './compare.ts'
import { exitCodes, UserError } from './errors.ts'
import { nameOfRevision, type Revision } from './git.ts'
import { markdownReport } from './markdown.ts'
import type { Context } from './program.ts'
import {
  causePath,
  causeText,
  changeText,
  diagnosticText,
  groupCold,
  isStored,
  losesEntries,
  pathText,
  place,
  summary,
  warmLines,
} from './render.ts'
import { coldShape, warmShape } from './shapes.ts'
import type { State } from './state.ts'
import { States } from './states.ts'
import { type StoredOptions, withStored } from './stored.ts'
import { clean, count } from './text.ts'

export interface DiffOptions extends Partial<StoredOptions> {
  readonly markdown?: boolean
  readonly failOnCold?: boolean
}

/** How many causes are listed on a terminal for functions that share them. */
const maxCauses = 5

/** `autocache diff`: what a change makes cold, and what stays warm. */
export async function diff(context: Context, range: string | undefined, options: DiffOptions): Promise<number> {
  if (options.markdown && context.options.json) throw new UserError('Give --markdown or --json, not both.')
  const { terminal } = context
  const states = new States(context)
  try {
    const sides = parseRange(range)
    const [before, after] = await openSides(states, sides, context)
    const compared = compareStates(before, after)
    const { store, namespace, table = 'keyv' } = options
    const result =
      store === undefined
        ? compared
        : await withStored(context, compared, { store, table, ...(namespace && { namespace }) })
    if (context.options.json) {
      terminal.json({
        base: before.name,
        head: after.name,
        cold: result.cold.map(coldShape),
        warm: result.warm.map(warmShape),
        untouched: result.untouched,
      })
    } else if (options.markdown) terminal.print(markdownReport(before, after, result))
    else print(context, before, after, result)
    return options.failOnCold && result.cold.some(losesEntries) ? exitCodes.findings : exitCodes.fine
  } finally {
    states.close()
  }
}

/** What `[<base>[..<head>]]` says. */
export interface Range {
  readonly base?: string
  readonly head?: string
  /** `base...head`: from where the two parted. */
  readonly parted: boolean
}

/** @throws UserError for what is no range */
export function parseRange(range: string | undefined): Range {
  if (range === undefined) return { parted: false }
  const match = /^(.*?)(\.{2,3})(.*)$/.exec(range)
  // `../manifest.json` is a path and no range.
  if (match === null || range.startsWith('../') || range.startsWith('./')) return { base: range, parted: false }
  const [, base, dots, head] = match as unknown as [string, string, string, string]
  if (head.startsWith('.') || base === '' || /\.{2,}(?!\/)/.test(head)) {
    throw new UserError(`${clean(range)} is no range. Write <base>, <base>..<head> or <base>...<head>.`)
  }
  return { base, ...(head === '' ? {} : { head }), parted: dots === '...' }
}

async function openSides(states: States, range: Range, context: Context): Promise<[State, State]> {
  const { base, head, parted } = range
  // Names first: a slip of the pen is told before anything is analysed.
  const named = (name: string): Revision | undefined =>
    states.isManifest(name) ? undefined : states.repository.resolve(name)
  const right = head === undefined ? undefined : named(head)
  let left = base === undefined ? states.repository.defaultBase() : named(base)
  if (parted && left) {
    const other = right ?? states.repository.resolve('HEAD')
    left = states.repository.mergeBase(left, other, left.name)
  }
  const before = left ? await states.at(left) : await states.open(base!)
  if (head === undefined) return [before, await states.workingTree()]
  if (right && states.repository.isDirty()) {
    context.terminal.note(
      `note: the working tree has changes that are not committed; ${clean(nameOfRevision(right))} is compared without them. Leave out \`..${clean(head)}\` to compare them too.`,
    )
  }
  return [before, right ? await states.at(right) : await states.open(head)]
}

function print({ terminal }: Context, before: State, after: State, { cold, warm, untouched }: Comparison): void {
  const { color } = terminal
  terminal.print(`From ${color.bold(clean(before.name))} to ${color.bold(clean(after.name))}`)
  terminal.print()
  for (const { functions, causes } of groupCold(cold)) {
    for (const one of functions) {
      const at = (one.after ?? one.before)!
      const paint = losesEntries(one) ? color.red : color.blue
      const state = isStored(one) ? color.green('warm') : paint('cold')
      const stored = isStored(one)
        ? `, and the store has ${count(one.stored!, 'entry', 'entries')} of this version`
        : ''
      terminal.print(
        `  ${state}  ${color.bold(clean(at.label))}  ${color.dim(`${place(at)}  ${changeText[one.change]}${stored}`)}`,
      )
    }
    // One helper makes many functions cold: it is told once, with the path from the first of them.
    for (const cause of causes.slice(0, maxCauses)) {
      terminal.print(`        ${causeText(cause)}`)
      const path = causePath(cause)
      if (path) terminal.print(color.dim(`          ${pathText(path)}`))
    }
    if (causes.length > maxCauses) {
      terminal.print(
        color.dim(`        and ${count(causes.length - maxCauses, 'more cause')}; autocache explain shows them`),
      )
    }
  }
  // What is wrong with a function that is cold anyway is told with it: `check` has the others.
  const told = new Set(
    cold.flatMap(({ after: now }) =>
      (now?.diagnostics ?? []).filter(({ level }) => level !== 'info').map((one) => diagnosticText(color, one)),
    ),
  )
  for (const line of told) terminal.print(line)
  for (const line of warmLines(color, warm)) terminal.print(line)
  if (cold.length + warm.length > 0) terminal.print()
  terminal.print(summary({ cold, warm, untouched }))
  if (!before.hasSources || !after.hasSources) {
    terminal.print(
      color.dim('A manifest has no sources, so edited files that leave versions as they are cannot be told.'),
    )
  }
}

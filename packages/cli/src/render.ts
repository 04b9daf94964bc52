/** How functions, definitions and causes read on a terminal. Every name in here passes through `clean`. */
import type { Capture, Diagnostic, EnvRead, Receiver } from '@autocache/compiler'
import { type Cause, type Cold, type Comparison, compareText, type Warm } from './compare.ts'
import type { FunctionState } from './state.ts'
import type { Stillness, TouchedFile } from './stillness.ts'
import type { Terminal } from './terminal.ts'
import { clean, count } from './text.ts'

type Color = Terminal['color']

/** `file:line`, which terminals and editors open. */
export const place = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  `${clean(file)}:${line}`

export const pathText = (path: readonly string[]): string => path.map(clean).join(' -> ')

export const levels = ['error', 'warning', 'info'] as const

/** One diagnostic, on a line and a second one for its path. */
export function diagnosticText(color: Color, { level, code, message, position, path }: Diagnostic): string {
  const paint = level === 'error' ? color.red : level === 'warning' ? color.yellow : color.blue
  const at = `${clean(position.file)}:${position.line}:${position.column}`
  const lines = [`${at}  ${paint(level)}  ${clean(message)}  ${color.dim(clean(code))}`]
  if (path.length > 1) lines.push(color.dim(`  reached through ${pathText(path)}`))
  return lines.join('\n')
}

export const captureText = (captures: readonly Capture[]): string[] =>
  captures.flatMap(({ name, paths }) =>
    paths.length === 0 ? [clean(name)] : paths.map((path) => clean([name, ...path].join('.'))),
  )

export const envText = (env: readonly EnvRead[]): string[] =>
  env.map(({ name, module }) => clean(name) + (module ? ' (when its module is loaded)' : ''))

export const receiverText = ({ fields, calls }: Receiver): string[] => [
  ...fields.map((path) => clean(['this', ...path].join('.'))),
  ...calls.map(({ path }) => `${clean(['this', ...path].join('.'))}${path.length === 0 ? '.*' : ''}()`),
]

export const packageText = ({ name, version }: { readonly name: string; readonly version?: string }): string =>
  clean(version === undefined ? name : `${name}@${version}`)

/** What besides its arguments goes into a function's key, one line for each kind. */
export function inputLines(one: FunctionState): [name: string, values: string[]][] {
  const lines: [string, string[]][] = [
    ['env', envText(one.env)],
    ['captures', captureText(one.captures)],
    ['receiver', receiverText(one.receiver)],
  ]
  return lines.filter(([, values]) => values.length > 0)
}

/** The tree of what a function reaches: each definition once, below the one that led to it first. */
export function treeLines(color: Color, one: FunctionState): string[] {
  const children = new Map<number, { text: string; index?: number }[]>()
  const below = (parent: number) => {
    let list = children.get(parent)
    if (list === undefined) children.set(parent, (list = []))
    return list
  }
  one.definitions.forEach((definition, index) => {
    if (index === 0) return
    const via = definition.via === 'reference' ? '' : ` ${color.yellow(viaText[definition.via])}`
    const text = `${color.bold(clean(definition.name))} ${color.dim(`${clean(definition.kind)}  ${place(definition)}`)}${via}`
    below(definition.parent).push({ text, index })
  })
  for (const found of one.packages) {
    const kind = found.name.startsWith('node:') ? 'built in' : 'package'
    below(found.path).push({ text: `${color.cyan(packageText(found))} ${color.dim(kind)}` })
  }
  const [root] = one.definitions
  const lines = [
    root
      ? `${color.bold(clean(root.name))} ${color.dim(`${clean(root.kind)}  ${place(root)}`)}`
      : color.bold(clean(one.label)),
  ]
  // A stack of its own: chains of definitions can be thousands long.
  const stack = [{ items: children.get(0) ?? [], at: 0, indent: '' }]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const item = top.items[top.at]
    if (item === undefined) {
      stack.pop()
      continue
    }
    top.at += 1
    const last = top.at === top.items.length
    lines.push(`${color.dim(top.indent + (last ? '`- ' : '|- '))}${item.text}`)
    const own = item.index === undefined ? undefined : children.get(item.index)
    // A long chain would otherwise be indented without end.
    const deeper = top.indent.length < 120 ? top.indent + (last ? '   ' : '|  ') : top.indent
    if (own) stack.push({ items: own, at: 0, indent: deeper })
  }
  return lines
}

const viaText = {
  reference: '',
  attached: 'changes what it stands below when its module is loaded',
  effect: 'runs when its module is loaded',
} as const

/** A cause in a few words, without its path. */
export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'edited': {
      const { definition, before } = cause
      const renamed = before && before.name !== definition.name ? ` (was ${clean(before.name)})` : ''
      const moved = before && before.file !== definition.file ? ` (was in ${clean(before.file)})` : ''
      return `${clean(definition.name)} was edited${renamed}${moved}, ${place(definition)}`
    }
    case 'added':
      return `${clean(cause.definition.name)} is reached now, ${place(cause.definition)}`
    case 'removed':
      return `${clean(cause.definition.name)} is reached no more, was ${place(cause.definition)}`
    case 'package': {
      const name = `package ${clean(cause.name)}`
      if (cause.change === 'added') return `${name} ${clean(cause.to ?? '')} is reached now`.replace('  ', ' ')
      if (cause.change === 'removed') return `${name} ${clean(cause.from ?? '')} is reached no more`.replace('  ', ' ')
      if (cause.change === 'version')
        return `${name} went from ${clean(cause.from ?? '?')} to ${clean(cause.to ?? '?')}`
      return `${name}${cause.to === undefined ? '' : ` ${clean(cause.to)}`} is the same version with other content (lockfile, patch or a dependency of it)`
    }
    case 'references':
      return `${clean(cause.definition.name)} refers to the same definitions in another way, ${place(cause.definition)}`
    case 'compiler':
      return `the compiler computes versions in another way (contract ${cause.from}, now ${cause.to})`
    case 'label':
      return `its label was ${clean(cause.from)}, and the label is part of the key`
    case 'options':
      return 'no definition or package changed: an option of the compiler did (tsconfig.json, or the configuration of autocache)'
  }
}

/** The path of a cause, where it has one worth telling. */
export function causePath(cause: Cause): readonly string[] | undefined {
  return 'path' in cause && cause.path.length > 1 ? cause.path : undefined
}

export const changeText: Readonly<Record<Cold['change'], string>> = {
  changed: 'changed',
  renamed: 'renamed',
  new: 'new',
  removed: 'removed',
}

const stillnessText: Readonly<Record<Stillness, string>> = {
  unreached: 'only code it does not reach changed',
  'line-endings': 'line endings',
  formatting: 'formatting',
  comments: 'comments',
  equivalent: 'what does not count (types, names of locals, spelling, options such as ttl)',
  renamed: 'renamed',
  moved: 'moved',
}

/** Why an edited file left a version as it was. */
export function stillText({ why }: TouchedFile): string {
  const phrases = new Set<string>()
  const byReason = new Map<Stillness, Set<string>>()
  for (const { reason, definition, was } of why) {
    if (reason === 'renamed') phrases.add(`${clean(was ?? '?')} renamed to ${clean(definition ?? '?')}`)
    else if (reason === 'moved') phrases.add(`${clean(definition ?? '?')} moved from ${clean(was ?? '?')}`)
    else {
      let names = byReason.get(reason)
      if (names === undefined) byReason.set(reason, (names = new Set()))
      if (definition !== undefined) names.add(clean(definition))
    }
  }
  for (const [reason, names] of byReason) {
    const list = [...names]
    const shown = list.length > 3 ? `${list.slice(0, 3).join(', ')} and ${list.length - 3} more` : list.join(', ')
    phrases.add(shown ? `${stillnessText[reason]} in ${shown}` : stillnessText[reason])
  }
  return [...phrases].join('; ')
}

/** Which functions share one reason to stay warm: files by reason. */
export function warmLines(color: Color, warm: readonly Warm[]): string[] {
  return warm.flatMap(({ after, files }) => [
    `  ${color.green('warm')}  ${color.bold(clean(after.label))}  ${color.dim(place(after))}`,
    ...files.map((file) => `        ${clean(file.file)}: ${stillText(file)}`),
  ])
}

/** `2 errors, 1 warning`. */
export function tally(diagnostics: readonly Diagnostic[]): string {
  const counts = levels.map((level) => diagnostics.filter((one) => one.level === level).length)
  const words = ['error', 'warning', 'note']
  const texts = counts.flatMap((number, index) => (number > 0 ? count(number, words[index]!) : []))
  return texts.length > 0 ? texts.join(', ') : 'no diagnostics'
}

/** Whether a store has entries of the version that the function would have. */
export const isStored = ({ stored = 0 }: Cold): boolean => stored > 0

/** Whether there can be entries that the change leaves behind: a new function has none, and some versions are back. */
export const losesEntries = (cold: Cold): boolean => cold.change !== 'new' && !isStored(cold)

/** Functions of one state that share all causes go together: one edited helper makes many functions cold. */
export function groupCold(
  cold: readonly Cold[],
): { readonly functions: readonly Cold[]; readonly causes: Cold['causes'] }[] {
  const groups = new Map<string, Cold[]>()
  for (const one of cold) {
    const key = JSON.stringify([one.change, isStored(one), one.causes.map(causeText).sort(compareText)])
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()].map((functions) => ({ functions, causes: functions[0]!.causes }))
}

/** The result in one line. */
export function summary({ cold, warm, untouched }: Comparison): string {
  const back = cold.filter(isStored).length
  const of = (change: Cold['change']) => cold.filter((one) => one.change === change && !isStored(one)).length
  const parts = (['changed', 'renamed', 'new', 'removed'] as const).flatMap((change) =>
    of(change) > 0 ? `${of(change)} ${changeText[change]}` : [],
  )
  const losing = cold.filter(losesEntries).length
  // A new function has no entries to lose.
  const total = losing > 0 ? `${count(losing, 'function')} cold` : 'Nothing goes cold'
  const how = parts.length > 0 ? ` (${parts.join(', ')})` : ''
  const stored = back > 0 ? `, ${count(back, 'function')} warm by entries in the store` : ''
  const stay = warm.length > 0 ? `, ${count(warm.length, 'function')} warm although touched` : ''
  return `${total}${how}${stored}${stay}, ${untouched} untouched.`
}

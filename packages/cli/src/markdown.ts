/**
 * `diff --markdown`: a comment for a pull request.
 *
 * Labels, file names and source come from whoever opened it, so all of them stand in code, where neither Markdown nor
 * HTML nor a mention has any effect. A comment of more than 65,536 characters is refused by GitHub, so parts are left
 * out from the least to the most telling: source, details, rows.
 */
import type { Cold, Comparison, Warm } from './compare.ts'
import { causePath, causeText, changeText, groupCold, isStored, losesEntries, stillText, summary } from './render.ts'
import { diffText, sourceDiff } from './source-diff.ts'
import type { State } from './state.ts'
import { clean, count } from './text.ts'

/** Below GitHub's limit, with room for what a bot puts around it. */
export const maxMarkdown = 60_000

const maxNames = 20
const maxDiff = 4000

/** The report, always within {@link maxMarkdown} characters. */
export function markdownReport(before: State, after: State, result: Comparison): string {
  for (const detail of ['sources', 'causes', 'names'] as const) {
    for (const rows of detail === 'names' ? [400, 100, 25, 5, 0] : [1000]) {
      const text = compose(before, after, result, detail, rows)
      if (text !== undefined && text.length <= maxMarkdown) return text
    }
  }
  return `### autocache\n\n${summary(result)}\n`
}

type Detail = 'sources' | 'causes' | 'names'

/** The report; nothing where it grows past the limit, so that no more source is compared in vain. */
function compose(before: State, after: State, result: Comparison, detail: Detail, rows: number): string | undefined {
  const { cold, warm } = result
  const losing = cold.filter(losesEntries).length
  const title = losing > 0 ? `${count(losing, 'function')} ${losing === 1 ? 'goes' : 'go'} cold` : 'nothing goes cold'
  const lines = [
    `### autocache: ${title}`,
    '',
    `From ${code(before.name)} to ${code(after.name)}: ${summary(result)}`,
    '',
  ]
  const groups = groupCold(cold)
  let size = 0
  for (const { functions, causes } of groups.slice(0, rows)) {
    const group = coldGroup(before, after, functions, causes, detail)
    lines.push(...group)
    size += group.reduce((sum, line) => sum + line.length + 1, 0)
    if (size > maxMarkdown) return undefined
  }
  if (groups.length > rows) lines.push(`... and ${count(groups.length - rows, 'more group')} of cold functions.`, '')
  if (warm.length > 0) lines.push(...warmSection(warm, Math.min(rows, 200), detail))
  if (detail === 'names') lines.push('Shortened: run `autocache diff` for all of it.', '')
  return lines.join('\n')
}

function coldGroup(
  before: State,
  after: State,
  functions: readonly Cold[],
  causes: Cold['causes'],
  detail: Detail,
): string[] {
  const [first] = functions as [Cold]
  const names = functions.slice(0, maxNames).map((one) => `<code>${html(nameOf(one))}</code>`)
  if (functions.length > maxNames) names.push(`${functions.length - maxNames} more`)
  const [cause] = causes
  const more = causes.length > 1 ? ` and ${count(causes.length - 1, 'more cause')}` : ''
  const why = cause ? `: <code>${html(causeText(cause))}</code>${more}` : ''
  const how = isStored(first) ? `${changeText[first.change]}, with entries in the store` : changeText[first.change]
  const lines = ['<details>', `<summary>${names.join(', ')} ${how}${why}</summary>`, '']
  if (detail !== 'names') {
    for (const cause of causes.slice(0, 10)) {
      lines.push(`- ${code(causeText(cause))}`)
      const path = causePath(cause)
      if (path) lines.push(`  ${path.slice(0, 30).map(code).join(' → ')}`)
      const diff =
        detail === 'sources' &&
        first.before &&
        first.after &&
        sourceDiff(cause, [before, first.before], [after, first.after])
      const text = diff ? diffText(diff) : undefined
      if (text !== undefined) lines.push('', ...fence(text, 'diff'), '')
    }
    if (causes.length > 10) lines.push(`- and ${count(causes.length - 10, 'more cause')}`)
    for (const one of functions.slice(0, maxNames)) {
      const at = (one.after ?? one.before)!
      lines.push(
        `- ${code(`${at.label} ${at.file}:${at.line}`)}: ${one.before ? code(one.before.version) : 'none'} → ${one.after ? code(one.after.version) : 'none'}`,
      )
    }
  }
  lines.push('', '</details>', '')
  return lines
}

const nameOf = ({ before, after }: Cold): string => clean((after ?? before)!.label)

function warmSection(warm: readonly Warm[], rows: number, detail: Detail): string[] {
  const lines = [
    '<details>',
    `<summary>${count(warm.length, 'function')} ${warm.length === 1 ? 'stays' : 'stay'} warm although a file ${warm.length === 1 ? 'it reaches' : 'they reach'} was edited</summary>`,
    '',
  ]
  for (const { after, files } of detail === 'names' ? [] : warm.slice(0, rows)) {
    lines.push(`- ${code(after.label)}`)
    for (const file of files.slice(0, 5)) lines.push(`  - ${code(file.file)}: ${code(stillText(file))}`)
    if (files.length > 5) lines.push(`  - and ${count(files.length - 5, 'more file')}`)
  }
  if (detail !== 'names' && warm.length > rows) lines.push(`- and ${warm.length - rows} more`)
  lines.push('', '</details>', '')
  return lines
}

/** Text in a code span, whose fence is longer than any run of backticks in it. */
export function code(text: string): string {
  const safe = short(clean(text))
  const longest = Math.max(0, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  const pad = safe.startsWith('`') || safe.endsWith('`') || safe === '' ? ' ' : ''
  return ticks + pad + safe + pad + ticks
}

/** A fenced block, cut where it is long. */
function fence(text: string, language: string): string[] {
  const cut = text.length > maxDiff ? `${text.slice(0, text.lastIndexOf('\n', maxDiff))}\n... (shortened)` : text
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  return [ticks + language, cut, ticks]
}

const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 197)}...` : text)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text in HTML; it stands inside `<code>`, where a mention is none. */
function html(text: string): string {
  return short(text).replace(/[&<>"']/g, (sign) => entities[sign]!)
}

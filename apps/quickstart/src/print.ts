import { styleText } from 'node:util'
import type { Answer } from './ask.ts'
import type { Deploy } from './deploy.ts'
import type { Proof } from './proofs.ts'

const plain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb'
const style = (format: Parameters<typeof styleText>[0], text: string) =>
  plain ? text : styleText(format, text, { validateStream: false })

export const bold = (text: string): string => style('bold', text)

const milliseconds = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
/** A key with the beginning of its digest. */
const short = (key: string) => `${key.slice(0, key.lastIndexOf(':') + 9)}...`

/** One line for each question. */
export function printTable(answers: readonly Answer[]): void {
  const head = ['report', 'first call', 'second call', 'speed-up', 'state', 'key']
  const rows = answers.map(({ label, key, first, second }) => [
    label,
    milliseconds(first.milliseconds),
    milliseconds(second.milliseconds),
    second.state === 'from store' ? `${Math.round(second.report.took / second.milliseconds)} x` : 'none',
    first.state,
    short(key),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column > 0 && column < 4 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('   ')
      .trimEnd()
  console.log(bold(line(head)))
  for (const row of rows) console.log(line(row))
  console.log('speed-up: what it took to compute the report, in this run or an earlier one, over the second call')
}

/** A line with a mark. */
export function sayProof({ holds, title, facts }: Proof): void {
  const mark = holds ? style('green', plain ? 'ok' : '\u2713') : style('red', 'FAILED')
  console.log(`${mark} ${title}: ${facts}`)
}

/** What was said of a deploy beforehand, and what it did. */
export function sayDeploy({ title, foretold, computed, holds }: Deploy): void {
  const mark = holds ? style('green', plain ? 'ok' : '\u2713') : style('red', 'FAILED')
  console.log(`${mark} ${title}`)
  const names = (list: readonly string[]) => (list.length === 0 ? 'nothing' : list.join(' and '))
  if (foretold !== undefined) {
    const { cold, stored } = foretold
    const back = stored.length > 0 ? `; the store has entries of the versions that ${names(stored)} will have` : ''
    console.log(`     autocache diff: ${names(cold)} will be cold${back}`)
  }
  console.log(
    `     a new process: ${names(computed)} computed, ${computed.length === 0 ? 'all' : 'the other'} reports from the store`,
  )
}

/** What went wrong, on standard error. */
export function sayTrouble(message: string): void {
  console.error(`quickstart: ${message}`)
}

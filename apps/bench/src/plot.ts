import { bars } from './bars.ts'
import { duration, figure } from './figures.ts'
import { loopAlone } from './measure.ts'
import type { GroupResult, Results } from './results.ts'

/** The groups that are drawn, by column. */
const columns = [
  ['one-string', 'two-numbers', 'nested-object', 'encode-key'],
  ['async-hit', 'miss', 'digest-key'],
]

const width = 960
const columnWidth = 466
const nameWidth = 204
const valueWidth = 116
const plotWidth = columnWidth - nameWidth - valueWidth
const rowHeight = 19
const headHeight = 46
const gap = 18
const top = 52

/**
 * The ratios as dots with their ranges on one logarithmic scale: a bar's length would mean nothing on it. Drawn with
 * the fonts of the reader's system and in the colours of his scheme.
 */
export function plot({ groups, machine, date }: Results): string {
  const drawn = columns.map((ids) => ids.flatMap((id) => groups.filter((group) => group.id === id)))
  const ratios = drawn
    .flat()
    .flatMap(rowsOf)
    .flatMap(({ ratio }) => [ratio.min, ratio.max])
  const scale = scaleFor(Math.min(1, ...ratios), Math.max(1, ...ratios))
  const heights = drawn.map((column) => column.reduce((sum, group) => sum + heightOf(group), 0))
  const height = top + Math.max(0, ...heights) + 22

  const panels = drawn.flatMap((column, at) => {
    let y = top
    return column.map((group) => {
      const panel = drawPanel(group, at * (width - columnWidth), y, scale)
      y += heightOf(group)
      return panel
    })
  })
  const title = 'Time per call against other libraries'
  const source = `${machine.cpu}, Node ${machine.node}, ${date}. Dot: median of ratios; line: least to greatest; dashed: the project's bar.`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escapeText(title)}</title>
<desc id="desc">${escapeText(`As a multiple of the reference in each panel, on a logarithmic scale; less is better. ${source}`)}</desc>
<style>
text { font: 12px -apple-system, BlinkMacSystemFont, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #59636e }
.title { font-size: 16px; font-weight: 600; fill: #1f2328 }
.head { font-size: 13px; font-weight: 600; fill: #1f2328 }
.small { font-size: 11px }
.own { font-weight: 600; fill: #0550ae }
.grid { stroke: #d1d9e0 }
.one { stroke: #818b98 }
.bar { stroke: #bc4c00; stroke-dasharray: 3 3 }
.range { stroke: #818b98; stroke-width: 2; stroke-linecap: round }
.dot { fill: #59636e }
.range.own { stroke: #0969da }
.dot.own { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.title, .head { fill: #f0f6fc }
.own { fill: #79c0ff }
.grid { stroke: #30363d }
.one, .range { stroke: #6e7681 }
.bar { stroke: #f0883e }
.dot { fill: #9198a1 }
.range.own { stroke: #4493f8 }
.dot.own { fill: #4493f8 }
}
</style>
${line('title', 0, 18, escapeText(title))}
${line('small', 0, 36, escapeText('As a multiple of the reference (1×), on a logarithmic scale; further left is faster.'))}
${panels.join('\n')}
${line('small', 0, height - 6, escapeText(source))}
</svg>
`
}

interface Scale {
  readonly ticks: readonly number[]
  x(ratio: number): number
}

function scaleFor(least: number, greatest: number): Scale {
  const [from, to] = [Math.log10(least) - 0.05, Math.log10(greatest) + 0.05]
  const ticks = [-3, -2, -1, 0, 1, 2, 3, 4].filter((power) => power >= from && power <= to).map((power) => 10 ** power)
  return { ticks, x: (ratio) => ((Math.log10(ratio) - from) / (to - from)) * plotWidth }
}

const rowsOf = ({ contenders }: GroupResult) =>
  contenders.filter(({ name }) => name !== loopAlone).sort((a, b) => a.ratio.median - b.ratio.median)

const heightOf = (group: GroupResult) => headHeight + rowsOf(group).length * rowHeight + gap

function drawPanel(group: GroupResult, x: number, y: number, scale: Scale): string {
  const rows = rowsOf(group)
  const bottom = headHeight + rows.length * rowHeight - 4
  const bar = bars.find(({ id }) => id === group.id)
  const at = (ratio: number) => round(nameWidth + scale.x(ratio))
  const vertical = (kind: string, ratio: number) =>
    `<line class="${kind}" x1="${at(ratio)}" x2="${at(ratio)}" y1="${headHeight - 8}" y2="${bottom}"/>`
  const parts = [
    line('head', 0, 14, escapeText(group.title)),
    ...scale.ticks.map((tick) => vertical(tick === 1 ? 'one' : 'grid', tick)),
    ...scale.ticks.map((tick) => line('small', at(tick), headHeight - 14, `${tick}×`, 'middle')),
    ...(bar ? [vertical('bar', bar.limit)] : []),
    ...rows.map(({ name, nanoseconds, ratio }, index) => {
      const own = name.startsWith('autocache') ? ' own' : ''
      const middle = headHeight + index * rowHeight + rowHeight / 2 - 2
      return [
        line(own.trim(), nameWidth - 8, middle + 4, escapeText(name), 'end'),
        `<line class="range${own}" x1="${at(ratio.min)}" x2="${at(ratio.max)}" y1="${middle}" y2="${middle}"/>`,
        `<circle class="dot${own}" cx="${at(ratio.median)}" cy="${middle}" r="4"/>`,
        line(own.trim(), columnWidth, middle + 4, `${figure(ratio.median)}× · ${duration(nanoseconds.median)}`, 'end'),
      ].join('')
    }),
  ]
  return `<g transform="translate(${x} ${y})">\n${parts.join('\n')}\n</g>`
}

function line(kind: string, x: number, y: number, text: string, anchor?: 'middle' | 'end'): string {
  const attributes = `${kind && ` class="${kind}"`} x="${x}" y="${y}"${anchor ? ` text-anchor="${anchor}"` : ''}`
  return `<text${attributes}>${text}</text>`
}

const round = (value: number) => Math.round(value * 10) / 10
const escapeText = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

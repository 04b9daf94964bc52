import type { Results, Round } from './results.ts'

const width = 960
const columns = 3
const gap = 26
const panelWidth = (width - (columns - 1) * gap) / columns
const left = 46
const right = 6
const latencyHeight = 84
const hitHeight = 30
const panelHeight = latencyHeight + hitHeight + 66
const top = 64
/** The scale of latency, in milliseconds. */
const [least, greatest] = [0.1, 1000]

interface Panel {
  readonly title: string
  readonly round: Round
}

/** How long callers waited and what share of them were hits, over the time of each round, with its faults as bands. */
export function plot({ scenarios }: Results): string {
  const panels = scenarios.flatMap(({ name, rounds }): Panel[] => {
    const round = rounds.find(({ timeline, faults }) => timeline.length > 2 && faults.length > 0)
    return round ? [{ title: `${name}, ${round.name}`, round }] : []
  })
  const [first] = scenarios
  const height = top + Math.ceil(panels.length / columns) * panelHeight + 16
  const drawn = panels.map(({ title, round }, at) => {
    const x = (at % columns) * (panelWidth + gap)
    const y = top + Math.floor(at / columns) * panelHeight
    return `<g transform="translate(${fixed(x)} ${y})">\n${draw(title, round)}\n</g>`
  })
  const title = 'Calls while something is broken'
  const source = first
    ? `${first.machine.cpu}, Node ${first.machine.node}, ${first.machine.server}, ${first.date}.`
    : ''
  const words =
    'Above: what callers waited, median and 99th percentile, on a logarithmic scale. Below: hits. Bands: the fault.'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escapeText(title)}</title>
<desc id="desc">${escapeText(`${words} ${source}`)}</desc>
<style>
text { font: 12px -apple-system, BlinkMacSystemFont, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #59636e }
.title { font-size: 16px; font-weight: 600; fill: #1f2328 }
.head { font-size: 13px; font-weight: 600; fill: #1f2328 }
.small { font-size: 11px }
.grid { stroke: #d1d9e0 }
.fault { fill: #bc4c00; fill-opacity: 0.14 }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round }
.p50 { stroke: #0969da }
.p99 { stroke: #818b98 }
.hits { fill: #0969da; fill-opacity: 0.3 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.title, .head { fill: #f0f6fc }
.grid { stroke: #30363d }
.fault { fill: #f0883e; fill-opacity: 0.22 }
.p50 { stroke: #4493f8 }
.p99 { stroke: #6e7681 }
.hits { fill: #4493f8; fill-opacity: 0.35 }
}
</style>
${line('title', 0, 18, title)}
${line('small', 0, 36, words)}
${drawn.join('\n')}
${line('small', 0, height - 4, source)}
</svg>
`
}

function draw(title: string, { timeline, faults }: Round): string {
  // Until then processes were started.
  const start = Math.min(...timeline.map(({ at }) => at), ...faults.map(({ from }) => from))
  const end = Math.max(...timeline.map(({ at }) => at), ...faults.map(({ to }) => to))
  const long = end - start
  const plotWidth = panelWidth - left - right
  const x = (at: number) => fixed(left + ((at - start) / long) * plotWidth)
  const share = (ms: number) =>
    Math.log10(Math.min(greatest, Math.max(least, ms)) / least) / Math.log10(greatest / least)
  const y = (ms: number) => fixed(24 + latencyHeight * (1 - share(ms)))
  const base = 24 + latencyHeight + 12 + hitHeight
  const busy = timeline.filter(({ calls }) => calls > 0)
  const path = (of: (moment: (typeof busy)[0]) => number) => busy.map((one) => `${x(one.at)},${y(of(one))}`).join(' ')
  const hits = busy.map(({ at, hitRatio }) => `${x(at)},${fixed(base - hitHeight * hitRatio)}`)
  const area = busy.length > 0 ? [`${x(busy[0]!.at)},${base}`, ...hits, `${x(busy.at(-1)!.at)},${base}`].join(' ') : ''
  const ticks = [0.1, 1, 10, 100, 1000]
  return [
    line('head', 0, 12, title),
    ...faults.map(
      ({ from, to }) =>
        `<rect class="fault" x="${x(from)}" y="24" width="${fixed(Math.max(1, x(to) - x(from)))}" height="${base - 24}"/>`,
    ),
    ...ticks.map((ms) => `<line class="grid" x1="${left}" x2="${panelWidth - right}" y1="${y(ms)}" y2="${y(ms)}"/>`),
    ...ticks.map((ms) => line('small', left - 5, y(ms) + 4, ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`, 'end')),
    `<polyline class="line p99" points="${path(({ p99 }) => p99)}"/>`,
    `<polyline class="line p50" points="${path(({ p50 }) => p50)}"/>`,
    `<polygon class="hits" points="${area}"/>`,
    `<line class="grid" x1="${left}" x2="${panelWidth - right}" y1="${base}" y2="${base}"/>`,
    line('small', left - 5, base - hitHeight / 2 + 4, 'hits', 'end'),
    line('small', left, base + 14, '0 s'),
    line(
      'small',
      panelWidth - right,
      base + 14,
      long < 120 ? `${Math.round(long)} s` : `${Math.round(long / 60)} min`,
      'end',
    ),
  ].join('\n')
}

function line(kind: string, x: number, y: number, text: string, anchor?: 'end'): string {
  return `<text class="${kind}" x="${x}" y="${y}"${anchor ? ` text-anchor="${anchor}"` : ''}>${escapeText(text)}</text>`
}

const fixed = (value: number) => Math.round(value * 10) / 10
const escapeText = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

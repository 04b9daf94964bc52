/**
 * Text for people. File names, labels and source text are somebody else's: a control character in one of them can move
 * the cursor, hide a line or change the title of a terminal, so everything that is printed passes through here.
 */

/** C0 and C1 controls, DEL, line separators, and the marks that reorder text. Tab and line feed are looked at apart. */
const unsafe = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

const escaped = (unit: string): string => {
  const code = unit.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** One line in which nothing acts on a terminal: a name, a path, a label. */
export function clean(text: string): string {
  return text.replace(unsafe, escaped).replace(/[\t\n]/g, (unit) => (unit === '\t' ? '\\t' : '\\n'))
}

/** A line of source text, in which a tab stays. */
export function cleanLine(text: string, limit = 400): string {
  const line = text.replace(/\n/g, '\\n').replace(unsafe, escaped)
  return line.length > limit ? `${line.slice(0, limit)} ... (${line.length - limit} more characters)` : line
}

/** A text of several lines as it may be written to a terminal: colours stay where `colors` is set, and nothing else. */
export function guarded(text: string, colors: boolean): string {
  if (!colors) return text.replace(unsafe, escaped)
  return text
    .split(ourColors)
    .map((part, index) => (index % 2 ? part : part.replace(unsafe, escaped)))
    .join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what picocolors writes
const ourColors = /(\x1b\[(?:0|1|2|3[1-6]|39|22|90)m)/

/** JSON that is safe on a terminal as well: what `JSON.stringify` leaves as it is, escaped. */
export function jsonText(value: unknown): string {
  return safeJson(JSON.stringify(value, undefined, 2))
}

/** The same JSON with everything escaped that acts on a terminal: such signs stand in its strings only. */
export function safeJson(text: string): string {
  return text.replace(unsafe, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Credentials in addresses, and `secrets` wherever they stand, replaced. */
export function withoutSecrets(text: string, secrets: Iterable<string> = []): string {
  let result = text
  // Longest first: one may be a part of another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== '') result = result.replaceAll(secret, '***')
  }
  return result.replace(/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/'"`]{0,1000}@/gi, '$1***@')
}

/** `3 functions`, `1 function`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`
}

/** The names most like `wanted`, closest first. */
export function similar(wanted: string, names: Iterable<string>, limit = 3): string[] {
  const near: [name: string, distance: number][] = []
  for (const name of names) {
    const lower = name.toLowerCase()
    const distance = lower.includes(wanted.toLowerCase()) ? 1 : editDistance(wanted.toLowerCase(), lower)
    if (distance <= Math.max(2, Math.floor(wanted.length / 3))) near.push([name, distance])
  }
  near.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
  return near.slice(0, limit).map(([name]) => name)
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 20 || a.length > 200) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

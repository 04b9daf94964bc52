/**
 * A module with stamps in it, for whatever hands texts of modules to JavaScript: a bundler, a loader, a compiler of
 * emitted files. The text is the one that stands in the file; a text that something else changed before is refused, since
 * neither offsets nor versions would be about it.
 */
import MagicString, { type SourceMap } from 'magic-string'
import type { Diagnostic } from './diagnostics.ts'
import type { Insertion } from './stamps.ts'

/** What became of a module. */
export interface Transformed {
  readonly code: string
  /** From the transformed text to the given one, by character. It is made when it is asked for first. */
  readonly map: SourceMap
  /** Absolute paths, one list for all modules: an edit of one of these can change what is written into this one. */
  readonly dependencies: readonly string[]
  /** Those of the functions of this module. */
  readonly diagnostics: readonly Diagnostic[]
  readonly stamps: readonly StampedFunction[]
}

/** A function, or a class, that has a version now. */
export interface StampedFunction {
  readonly label: string
  readonly version: string
}

/** Parts of a query that bundlers add to a file and that leave it the same module. */
const harmless = /^(?:v|t|import|used|ssr|ssrLoadModule|lang\.[cm]?[jt]sx?)(?:=|$)/

/** The file of a module's name; nothing for another thing made from the file, such as `?raw`. */
export function fileOf(id: string): string | undefined {
  const at = id.indexOf('?')
  if (at < 0) return id
  const parts = id
    .slice(at + 1)
    .split('&')
    .filter((part) => part !== '')
  return parts.every((part) => harmless.test(part)) ? id.slice(0, at) : undefined
}

/** Writes into a text. Offsets count in it without a byte order mark and with lines ended by LF. */
export function insertInto(code: string, file: string, found: readonly Insertion[]): Pick<Transformed, 'code' | 'map'> {
  const place = placesOf(code)
  const text = new MagicString(code)
  for (const { at, text: inserted } of found) text.appendLeft(place(at), inserted)
  let map: SourceMap | undefined
  return {
    code: text.toString(),
    get map() {
      return (map ??= text.generateMap({ source: file, hires: true, includeContent: true }))
    },
  }
}

/** From offsets in a text as it is read to those in the text as it is given. */
function placesOf(code: string): (at: number) => number {
  const mark = code.charCodeAt(0) === 0xfeff ? 1 : 0
  const returns: number[] = []
  for (let at = code.indexOf('\r\n'); at >= 0; at = code.indexOf('\r\n', at + 2))
    returns.push(at - mark - returns.length)
  if (returns.length === 0) return (at) => at + mark
  return (at) => {
    let low = 0
    let high = returns.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (returns[middle]! < at) low = middle + 1
      else high = middle
    }
    return at + mark + low
  }
}

/**
 * The source map of an emitted file: which place of the source each of its places was made from, and the same map once
 * stamps stand in the file. What is inserted has no line break in it, so that only columns move.
 */
import { dirname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decode, encode, type SourceMapMappings } from '@jridgewell/sourcemap-codec'
import type { Inserted } from './emitted-text.ts'

/** A place of the emitted text, and the place in a source that it was made from; lines and columns from 0. */
export interface Origin {
  readonly at: number
  readonly source: number
  readonly line: number
  readonly column: number
}

interface RawMap {
  readonly version: number
  readonly sources: readonly (string | null)[]
  readonly sourceRoot?: string | null
  readonly sourcesContent?: readonly (string | null)[] | null
  readonly mappings: string
  /** The mark of the stamped text that the columns count in. */
  readonly x_autocache?: string
}

const comment = /^[ \t]*\/[/*][#@] sourceMappingURL=([^\s*]+)[^\n]*$/gm
const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s

/** What the last comment of a text names as its map. */
export function mapUrlOf(code: string): string | undefined {
  return [...code.matchAll(comment)].at(-1)?.[1]
}

/** The map that a text carries in itself. */
export function inlineMap(url: string): string | undefined {
  const found = inline.exec(url)
  if (!found) return undefined
  return found[1] ? Buffer.from(found[2]!, 'base64').toString('utf8') : decodeURIComponent(found[2]!)
}

export const toInline = (map: string): string =>
  `data:application/json;charset=utf-8;base64,${Buffer.from(map).toString('base64')}`

export class EmittedMap {
  readonly #raw: RawMap
  readonly #mappings: SourceMapMappings

  private constructor(raw: RawMap, mappings: SourceMapMappings) {
    this.#raw = raw
    this.#mappings = mappings
  }

  /** @returns undefined for what is no source map of one text */
  static read(text: string): EmittedMap | undefined {
    try {
      const raw = JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, '')) as RawMap
      if (raw.version !== 3 || !Array.isArray(raw.sources) || typeof raw.mappings !== 'string') return undefined
      return new EmittedMap(raw, decode(raw.mappings))
    } catch {
      return undefined
    }
  }

  get mark(): string | undefined {
    return this.#raw.x_autocache
  }

  /** The absolute paths of its sources. @param file the map, or the emitted file where that carries it */
  sources(file: string): readonly (string | undefined)[] {
    const root = this.#raw.sourceRoot ?? ''
    return this.#raw.sources.map((source) => {
      if (source === null) return undefined
      const name =
        /^[a-z]+:\/\//.test(source) || isAbsolute(source) || root === ''
          ? source
          : `${root.replace(/\/$/, '')}/${source}`
      if (name.startsWith('file://')) return fileURLToPath(name)
      return /^[a-z]{2,}:/.test(name) ? undefined : resolve(dirname(file), name)
    })
  }

  /** The text that the file was made from, where the map has it. */
  contentOf(source: number): string | undefined {
    return this.#raw.sourcesContent?.[source] ?? undefined
  }

  /** Every place of the text that the map names, in order. @param code the text that the map belongs to */
  origins(code: string): readonly Origin[] {
    const lines = lineStarts(code)
    return this.#mappings.flatMap((segments, line) =>
      segments.flatMap((segment) => {
        const start = lines[line]
        if (segment.length === 1 || start === undefined) return []
        return { at: start + segment[0], source: segment[1], line: segment[2], column: segment[3] }
      }),
    )
  }

  /** @param code the text without stamps @param mark of the text with them */
  withStamps(code: string, inserted: readonly Inserted[], mark: string): string {
    const mappings = this.#moved(code, inserted, (column, places) => {
      let by = 0
      for (const { at, length } of places) if (at <= column) by += length
      return column + by
    })
    return this.#text(mappings, mark)
  }

  /** The map of the text without stamps. */
  withoutStamps(code: string, inserted: readonly Inserted[]): EmittedMap {
    const mappings = this.#moved(code, inserted, (column, places) => {
      let by = 0
      for (const { at, length } of places) if (at + by + length <= column) by += length
      return column - by
    })
    const { x_autocache: _, ...raw } = this.#raw
    return new EmittedMap(raw, mappings)
  }

  /** As it would be on disk. */
  toString(): string {
    return this.#text(this.#mappings, undefined)
  }

  #text(mappings: SourceMapMappings, mark: string | undefined): string {
    const { x_autocache: _, ...raw } = this.#raw
    return JSON.stringify({ ...raw, mappings: encode(mappings), ...(mark !== undefined && { x_autocache: mark }) })
  }

  #moved(
    code: string,
    inserted: readonly Inserted[],
    move: (column: number, places: readonly Inserted[]) => number,
  ): SourceMapMappings {
    const lines = lineStarts(code)
    const byLine = new Map<number, Inserted[]>()
    for (const { at, length } of inserted) {
      const line = lineAt(lines, at)
      byLine.set(line, [...(byLine.get(line) ?? []), { at: at - lines[line]!, length }])
    }
    return this.#mappings.map((segments, line) => {
      const places = byLine.get(line)
      if (!places) return segments
      return segments.map((segment) => {
        const [column, ...rest] = segment
        return [move(column, places), ...rest] as typeof segment
      })
    })
  }
}

/** Where the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lineAt(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle
  }
  return low
}

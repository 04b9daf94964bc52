/**
 * Stamps in what tsc or swc wrote (section 10 of the algorithm): the versions, labels and readers are those of the source,
 * and only their places are those of the emitted text. Why by source maps, and what is refused: docs/decisions/0020-emitted-code.md.
 */
import { dirname, extname, resolve } from 'node:path'
import type { Diagnostic, Finding } from './diagnostics.ts'
import { EmittedMap, inlineMap, mapUrlOf, toInline } from './emitted-map.ts'
import { Match, type Sides, type Span, Unmatched } from './emitted-match.ts'
import { type Inserted, stampText, type Unstamped, unstamped } from './emitted-text.ts'
import { layoutOf } from './layout.ts'
import type { Layout } from './model.ts'
import { parseSource } from './parse.ts'
import { resolveScopes } from './scopes.ts'
import {
  insertions,
  type Seal,
  type Stamped,
  type StampedClass,
  type StampedCode,
  type StampedModule,
  type Style,
} from './stamps.ts'
import { withoutReturns } from './summary.ts'
import type { StampedFunction } from './transform.ts'

/** A file that a compiler wrote, stamped or not. */
export interface EmittedFile {
  /** Absolute. */
  readonly file: string
  readonly code: string
  /** The text of the map beside it; undefined where there is none, or where the code carries it. */
  readonly map?: string | undefined
  /** What the folder is, so that stamps are believed as long as it is that. */
  readonly seal?: Seal | undefined
}

/**
 * Why no function of the file has a stamp: `altered` since it was stamped, `no-map` that could be read, made of
 * `many-sources`, of a source that there is not (`no-source`) or that reads otherwise now (`stale`).
 */
export type EmittedProblem = 'altered' | 'no-map' | 'many-sources' | 'no-source' | 'stale'

/** What an emitted file should hold. */
export interface StampedEmitted {
  readonly code: string
  /** Of the map beside it; undefined where there is none to write. */
  readonly map: string | undefined
  /** The same without any stamp, as the compiler wrote it. */
  readonly plain: { readonly code: string; readonly map: string | undefined }
  /** The absolute path of the file that it was made from. */
  readonly source: string | undefined
  readonly stamps: readonly StampedFunction[]
  /** Those of the functions of this file. */
  readonly diagnostics: readonly Diagnostic[]
  readonly problem: EmittedProblem | undefined
  /** Whether the map has the text of the source, so that it is known to be the one that is there. */
  readonly compared: boolean
}

/** What is asked of the analysis of the sources. */
export interface Sources {
  locate(file: string): string
  has(file: string): boolean
  /** Whether it is a module of the program. */
  isLoaded(file: string): boolean
  /** What would be written into the source. */
  module(file: string): StampedModule
  /** Of the functions in it. */
  diagnostics(file: string): readonly Diagnostic[]
  diagnose(file: string, finding: Finding): readonly Diagnostic[]
  style(file: string, layout: Layout): Style
}

export function stampEmitted(sources: Sources, emitted: EmittedFile): StampedEmitted {
  const parts = partsOf(emitted)
  const plain = parts ? plainOf(parts) : { code: emitted.code, map: emitted.map }
  const as = (problem?: EmittedProblem, source?: string): StampedEmitted => ({
    ...plain,
    plain,
    source,
    stamps: [],
    diagnostics: [],
    problem,
    compared: false,
  })
  if (!parts) return as('altered')
  const { code, map } = parts
  if (!map) return as('no-map')
  const origins = map.origins(code)
  const named = map.sources(parts.mapFile)
  const used = [...new Set(origins.map(({ source }) => source))]
  const files = used.map((index) => named[index])
  const [index] = used
  const [name] = files
  if (index === undefined || name === undefined) return as('no-source')
  if (files.length > 1) return as('many-sources')
  const source = sources.locate(name)
  if (!sources.has(source)) return as('no-source', source)
  if (!sources.isLoaded(source)) return as(undefined, source)
  const module = sources.module(source)
  const content = map.contentOf(index)
  if (content !== undefined && withoutReturns(content) !== module.text) return as('stale', source)

  const compared = content !== undefined
  const diagnostics = [...sources.diagnostics(source)]
  try {
    const moved = movedTo(module, emitted.file, code, origins, sources)
    const found = moved === undefined ? [] : insertions({ ...moved, seal: emitted.seal })
    if (found.length === 0) return { ...as(undefined, source), diagnostics, compared }
    const stamps = [...module.stamped, ...module.classes].map(({ label, version }) => ({ label, version }))
    return {
      ...textOf(parts, stampText(code, found)),
      plain,
      source,
      stamps,
      diagnostics,
      problem: undefined,
      compared,
    }
  } catch (error) {
    if (!(error instanceof Unmatched)) throw error
    const finding = { code: 'emitted' as const, what: error.message, start: error.at, end: error.at }
    const told = [...diagnostics, ...sources.diagnose(source, finding)]
    return { ...as(undefined, source), diagnostics: told, compared }
  }
}

/** An emitted file without stamps. */
interface Parts {
  /** The text, with nothing in the place of a map that it carries. */
  readonly code: string
  readonly map: EmittedMap | undefined
  /** What the map's names of sources are relative to. */
  readonly mapFile: string
  /** Where the text carries its map, and how it begins. */
  readonly inline: { readonly at: number; readonly url: string } | undefined
  /** Whether there is a map beside the file. */
  readonly beside: boolean
}

function partsOf({ file, code: given, map: beside }: EmittedFile): Parts | undefined {
  const url = mapUrlOf(given)
  const carried = url === undefined ? undefined : inlineMap(url)
  const at = carried === undefined ? -1 : given.lastIndexOf(url!)
  const text = unstamped(carried === undefined ? given : given.slice(0, at) + given.slice(at + url!.length))
  if (!text) return undefined
  const inline = carried === undefined ? undefined : { at: at - lengthOf(text.inserted), url: url! }
  const mapFile = carried === undefined && url !== undefined ? resolve(dirname(file), decodeURIComponent(url)) : file
  const written = carried ?? beside
  const map = written === undefined ? undefined : plainMap(written, text)
  return { code: text.code, map, mapFile, inline, beside: carried === undefined && beside !== undefined }
}

const lengthOf = (inserted: readonly Inserted[]): number => inserted.reduce((all, { length }) => all + length, 0)

/** The map as the compiler wrote it. One whose columns count in a text that is gone is none. */
function plainMap(text: string, { code, inserted, mark }: Unstamped): EmittedMap | undefined {
  const map = EmittedMap.read(text)
  if (map?.mark === undefined) return map
  return map.mark === mark ? map.withoutStamps(code, inserted) : undefined
}

function plainOf({ code, map, inline, beside }: Parts): Pick<StampedEmitted, 'code' | 'map'> {
  return {
    code: inline ? withMap(code, inline.at, map ? mapUrl(inline.url, map.toString()) : inline.url) : code,
    map: beside ? map?.toString() : undefined,
  }
}

function textOf(
  { code, map, inline, beside }: Parts,
  stamped: ReturnType<typeof stampText>,
): Pick<StampedEmitted, 'code' | 'map'> {
  const moved = map!.withStamps(code, stamped.inserted, stamped.mark)
  const at = inline && inline.at + lengthOf(stamped.inserted)
  return {
    code: at === undefined ? stamped.code : withMap(stamped.code, at, mapUrl(inline!.url, moved)),
    map: beside ? moved : undefined,
  }
}

const withMap = (code: string, at: number, url: string): string => code.slice(0, at) + url + code.slice(at)
/** With the beginning that the compiler gave it. */
const mapUrl = (before: string, map: string): string =>
  before.includes(';base64,')
    ? before.slice(0, before.indexOf(';base64,')) + toInline(map).slice(toInline('').indexOf(';base64,'))
    : toInline(map)

/** The module as it has to be written to where its emitted text is; undefined where nothing is to be written. */
function movedTo(
  module: StampedModule,
  file: string,
  code: string,
  origins: Sides['origins'],
  sources: Sources,
): StampedModule | undefined {
  const { stamped, classes, shared, given } = module
  if (stamped.length + classes.length + shared.length + given.length === 0) return undefined
  const source = parseSource(module.text, extname(module.file))
  const made = parseSource(code, extname(file))
  if (source.error || made.error) throw new Unmatched('the emitted text cannot be parsed', 0)
  const scopes = resolveScopes(made.program, made.commonjs)
  const layout = layoutOf(made.program, made.commonjs)
  const emitted = { code, program: made.program, scopes }
  const match = new Match({ source: { text: module.text, program: source.program }, emitted, origins })
  const bodies = new Map<number, number>()
  /** One that stands in a function may have nothing to be told by; what is called through it is then refused when it runs. */
  const isInner = (def: number) => module.summary.definitions[def]?.kind === 'cached'
  for (const [def, body] of module.bodies) {
    if (isInner(def)) continue
    const isAsked =
      classes.some((one) => one.source.def === def) ||
      stamped.some(({ use }) => use.form === 'decorator' && use.owner === def)
    if (isAsked) bodies.set(def, match.class(match.sourceClass(body)).body.start + 1)
  }
  return {
    ...module,
    layout,
    style: sources.style(file, layout),
    text: code,
    stamped: stamped.map((each) => movedUse(each, match)),
    classes: classes.flatMap((each) => {
      const { def, body } = each.source
      if (!isInner(def)) return movedClass(each, match, bodies.get(def)!)
      try {
        return movedClass(each, match, match.class(match.sourceClass(body)).body.start + 1)
      } catch (error) {
        if (error instanceof Unmatched) return []
        throw error
      }
    }),
    shared: shared.map((each) => movedCode(each, match, made.program)),
    bodies,
    emitted: {
      place: (node) => match.place(node.def),
      name: (name, at) => nameIn(module, match, name, at),
    },
  }
}

function movedUse(each: Stamped, match: Match): Stamped {
  const { use } = each
  checkPrivates(use.receiver, use.start, match)
  if (use.form === 'decorator') {
    const decorator = match.source(use.start, use.end, /^Decorator$/)
    const found = match.decorator(decorator)
    checkLocals(use.captures, use.start, found.start, match)
    const listed = each.listed.map((one) => movedCode(one, match, found))
    return { ...each, listed, around: [found.start, found.end] }
  }
  const call = match.call(match.source(use.start, use.end, /^CallExpression$/))
  const [fn] = call.arguments as { readonly type: string; readonly start: number; readonly end: number }[]
  if (!fn || fn.type === 'SpreadElement') throw new Unmatched('its function is not there', use.start)
  checkLocals(use.captures, use.start, fn.start, match)
  return {
    ...each,
    use: { ...use, fn: [fn.start, fn.end], sequence: fn.type === 'SequenceExpression' },
    listed: each.listed.map((one) => movedCode(one, match, call as never)),
  }
}

/** Private names are there as long as they are not compiled away. */
function checkPrivates({ fields, calls }: Stamped['use']['receiver'], start: number, match: Match): void {
  for (const name of [...fields, ...calls.map(({ path }) => path)].flat()) {
    if (name.startsWith('#') && !match.seesPrivate(name.slice(1)))
      throw new Unmatched(`the private name ${name} is compiled away`, start)
  }
}

/** What is captured has to have its name still. */
function checkLocals(captures: Stamped['use']['captures'], start: number, at: number, match: Match): void {
  for (const { name } of captures) {
    if (name !== 'this' && name !== 'arguments' && !match.seesLocal(at, name))
      throw new Unmatched(`the variable ${name} has another name there`, start)
  }
}

function movedCode(code: StampedCode, match: Match, within: Parameters<Match['expression']>[1]): StampedCode {
  if (code.method !== undefined) {
    const method = match.method(code.start, within)
    if (method?.method) return { ...code, start: method.start, end: method.end }
    if (!method) throw new Unmatched(`its ${code.method} is not there`, code.start)
    return { ...code, start: method.value.start, end: method.value.end, method: undefined }
  }
  if (code.shorthand !== undefined) {
    const property = match.method(code.start, within)
    if (!property) throw new Unmatched(`its ${code.shorthand} is not there`, code.start)
    const { start, end } = property.shorthand ? property : (property.value as typeof property)
    const { shorthand, ...rest } = code
    return { ...rest, start, end, ...(property.shorthand && { shorthand }) }
  }
  const { start, end } = match.expression(code.start, within)
  return { ...code, start, end }
}

function movedClass(each: StampedClass, match: Match, body: number): StampedClass {
  const { source } = each
  checkPrivates(source.receiver, source.body, match)
  checkLocals(source.captures, source.body, body, match)
  const decorators = (match.sourceClass(source.body).decorators ?? []) as Parameters<Match['decorator']>[0][]
  const around = decorators.map((decorator): Span => {
    const { start, end } = match.decorator(decorator)
    return [start, end]
  })
  // What is not found is a function that nobody knows: sound, and known to its process alone.
  const given = source.given.flatMap((one) => match.given(one, body) ?? [])
  return { ...each, source: { ...source, body, behind: undefined, given }, around }
}

/** How a name of the module is written in the emitted text: tsc has no variable for what a CommonJS module exports. */
function nameIn({ summary }: StampedModule, match: Match, name: string, at: number): string {
  if (match.seesTop(name)) return name
  const target = JSON.stringify(Object.hasOwn(summary.names, name) ? summary.names[name] : undefined)
  const exported = Object.keys(summary.exports).find((each) => JSON.stringify(summary.exports[each]) === target)
  if (target === undefined || exported === undefined || !match.seesExports())
    throw new Unmatched(`the variable ${name} has another name there`, at)
  return `exports.${exported}`
}

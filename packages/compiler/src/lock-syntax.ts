/**
 * The notations of lockfiles, read to plain trees whose scalars are texts. Lockfiles are large and come from anybody's
 * repository, so the readers are linear, bounded in depth, and never follow what they find to a prototype.
 */
import { parseAllDocuments } from 'yaml'

/** A text, a list, or an object that is only to be read through {@link member} and {@link members}. */
export type Tree = unknown

/** An own member, whatever its name: `constructor` and `__proto__` are names of packages like any other. */
export function member(tree: Tree, key: string): Tree {
  return typeof tree === 'object' && tree !== null && Object.hasOwn(tree, key)
    ? (tree as Record<string, unknown>)[key]
    : undefined
}

export function members(tree: Tree): readonly (readonly [string, Tree])[] {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? Object.entries(tree) : []
}

export function text(tree: Tree): string {
  return typeof tree === 'string' ? tree : typeof tree === 'number' ? String(tree) : ''
}

/** Members that are texts: the shape of `dependencies`. */
export function texts(tree: Tree): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  for (const [key, value] of members(tree)) if (typeof value === 'string') found.push([key, value])
  return found
}

const maxDepth = 100

/** @throws where the text is not JSON; comments and trailing commas are accepted, as `bun.lock` has them. */
export function readJsonc(source: string): Tree {
  const input = withoutMark(source)
  try {
    return JSON.parse(input)
  } catch {
    return JSON.parse(strictJson(input))
  }
}

function strictJson(input: string): string {
  const out: string[] = []
  let from = 0
  let comma = -1
  for (let at = 0; at < input.length; at++) {
    const char = input[at]
    if (char === '"') {
      for (at++; at < input.length && input[at] !== '"'; at++) if (input[at] === '\\') at++
      comma = -1
    } else if (char === '/' && (input[at + 1] === '/' || input[at + 1] === '*')) {
      out.push(input.slice(from, at))
      const end = input[at + 1] === '/' ? input.indexOf('\n', at) : input.indexOf('*/', at + 2) + 1
      at = end > at ? end : input.length
      from = at + (input[at] === '\n' ? 0 : 1)
    } else if (char === ',') {
      out.push(input.slice(from, at), ',')
      comma = out.length - 1
      from = at + 1
    } else if (char === '}' || char === ']') {
      if (comma >= 0) out[comma] = ''
      comma = -1
    } else if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') comma = -1
  }
  out.push(input.slice(from))
  return out.join('')
}

/**
 * The YAML that package managers write: block mappings and lists, flow collections on one line, all kinds of scalars.
 * Of several documents the last counts (pnpm keeps its own version in one before). What a person or a merge made of it
 * goes to the full parser, which takes a second for what takes this one 20 ms.
 *
 * @throws where the text is no YAML, or one that no package manager writes.
 */
export function readYaml(source: string): Tree {
  const input = withoutMark(source)
  try {
    return new BlockReader(input).document()
  } catch {
    return fullYaml(input)
  }
}

function fullYaml(input: string): Tree {
  if (input.length > 4_000_000) throw new Error('it is too large for what it contains')
  let depth = 0
  for (const char of input) {
    if (char === '[' || char === '{') depth++
    else if (char === ']' || char === '}' || char === '\n') depth = char === '\n' ? 0 : depth - 1
    if (depth > maxDepth) throw new Error('it is nested too deeply')
  }
  if (/^(?: {400}|(?:[-?] ?){100})/m.test(input)) throw new Error('it is nested too deeply')
  const documents = parseAllDocuments(input, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' })
  const last = documents.at(-1)
  if (last === undefined || !('errors' in last)) return Object.create(null)
  if (last.errors.length > 0) throw new Error(last.errors[0]!.message.split('\n')[0])
  // An alias within an alias multiplies: a few lines could otherwise stand for more nodes than memory holds.
  return last.toJS({ maxAliasCount: 100 })
}

interface Line {
  readonly indent: number
  readonly body: string
}

class BlockReader {
  #lines: string[]
  #at = 0
  #line: Line | undefined

  constructor(input: string) {
    this.#lines = input.split('\n')
  }

  document(): Tree {
    let tree: Tree = Object.create(null)
    this.#next()
    while (this.#line !== undefined) {
      if (this.#line.body === '---') this.#next()
      else {
        if (this.#line.indent !== 0) refuse()
        tree = this.#block(0, 0)
      }
    }
    return tree
  }

  #next(): void {
    for (; this.#at < this.#lines.length; this.#at++) {
      let line = this.#lines[this.#at]!
      if (line.endsWith('\r')) line = line.slice(0, -1)
      let indent = 0
      while (line.charCodeAt(indent) === 32) indent++
      if (indent === line.length || line[indent] === '#') continue
      this.#at++
      this.#line = { indent, body: line.slice(indent).trimEnd() }
      return
    }
    this.#line = undefined
  }

  #block(indent: number, depth: number): Tree {
    if (depth > maxDepth) refuse()
    return isItem(this.#line!.body) ? this.#list(indent, depth) : this.#mapping(indent, depth)
  }

  #list(indent: number, depth: number): Tree {
    const list: Tree[] = []
    while (this.#line !== undefined && this.#line.indent === indent && isItem(this.#line.body)) {
      const rest = this.#line.body.slice(1).trimStart()
      const inner = indent + this.#line.body.length - rest.length
      if (rest !== '' && (isItem(rest) || keyEnd(rest) >= 0)) {
        this.#line = { indent: inner, body: rest }
        list.push(this.#block(inner, depth + 1))
      } else list.push(this.#value(rest, indent, depth))
    }
    return list
  }

  #mapping(indent: number, depth: number): Tree {
    const map = Object.create(null) as Record<string, Tree>
    while (this.#line !== undefined && this.#line.indent === indent && this.#line.body !== '---') {
      const { body } = this.#line
      if (body.startsWith('? ')) {
        // A key of more than 1,024 characters stands alone, and its value after a colon on the line below.
        const key = scalar(body.slice(2))
        this.#next()
        if (this.#line === undefined || this.#line.indent !== indent || this.#line.body[0] !== ':') refuse()
        const rest = this.#line!.body.slice(1).trimStart()
        if (rest !== '' && keyEnd(rest) >= 0) {
          const inner = indent + this.#line!.body.length - rest.length
          this.#line = { indent: inner, body: rest }
          map[key] = this.#block(inner, depth + 1)
        } else map[key] = this.#value(rest, indent, depth)
        continue
      }
      const end = keyEnd(body)
      if (end < 0) refuse()
      map[scalar(body.slice(0, end))] = this.#value(body.slice(end + 1).trimStart(), indent, depth)
    }
    if (this.#line !== undefined && this.#line.indent > indent) refuse()
    return map
  }

  #value(rest: string, indent: number, depth: number): Tree {
    if (rest[0] === '|' || rest[0] === '>') return this.#blockScalar(indent)
    this.#next()
    const next = this.#line
    if (rest === '' || rest[0] === '#') {
      if (next === undefined || next.indent < indent || next.body === '---') return ''
      if (next.indent > indent) return this.#block(next.indent, depth + 1)
      return isItem(next.body) ? this.#list(indent, depth + 1) : ''
    }
    // A scalar that goes on below is rare enough to leave it to the full parser.
    if (next !== undefined && next.indent > indent) refuse()
    return rest[0] === '{' || rest[0] === '[' ? new FlowReader(rest).whole() : scalar(rest)
  }

  #blockScalar(indent: number): string {
    const taken: string[] = []
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]!
      const body = line.trimStart()
      if (body !== '' && line.length - body.length <= indent) break
      taken.push(body)
    }
    this.#next()
    return taken.join('\n')
  }
}

class FlowReader {
  #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  whole(): Tree {
    const tree = this.#value(0)
    this.#blank()
    if (this.#at < this.#source.length && this.#source[this.#at] !== '#') refuse()
    return tree
  }

  #blank(): void {
    while (this.#source[this.#at] === ' ') this.#at++
  }

  #value(depth: number): Tree {
    if (depth > maxDepth) refuse()
    this.#blank()
    const open = this.#source[this.#at]
    if (open !== '{' && open !== '[') return this.#scalar()
    const close = open === '{' ? '}' : ']'
    const map = Object.create(null) as Record<string, Tree>
    const list: Tree[] = []
    this.#at++
    for (;;) {
      this.#blank()
      if (this.#source[this.#at] === close) break
      if (this.#at >= this.#source.length) refuse()
      if (open === '[') list.push(this.#value(depth + 1))
      else {
        const key = this.#scalar()
        this.#blank()
        if (this.#source[this.#at] === ':') {
          this.#at++
          map[key] = this.#value(depth + 1)
        } else map[key] = ''
      }
      this.#blank()
      if (this.#source[this.#at] === ',') this.#at++
      else if (this.#source[this.#at] !== close) refuse()
    }
    this.#at++
    return open === '{' ? map : list
  }

  #scalar(): string {
    const start = this.#at
    const quote = this.#source[start]
    if (quote === '"' || quote === "'") {
      this.#at = quoteEnd(this.#source, start) + 1
      return scalar(this.#source.slice(start, this.#at))
    }
    for (; this.#at < this.#source.length; this.#at++) {
      const char = this.#source[this.#at]!
      if (char === ',' || char === '}' || char === ']' || char === '{' || char === '[') break
      if (char === ':' && /[\s,}\]]/.test(this.#source[this.#at + 1] ?? ' ')) break
    }
    return scalar(this.#source.slice(start, this.#at).trimEnd())
  }
}

/** The place of the colon after a key, or -1. */
function keyEnd(body: string): number {
  const first = body[0]
  let from = 0
  if (first === '"' || first === "'") {
    const end = quoteEnd(body, 0)
    return body[end + 1] === ':' && (end + 2 === body.length || body[end + 2] === ' ') ? end + 1 : -1
  }
  if (first === '{' || first === '[') return -1
  for (;;) {
    const colon = body.indexOf(':', from)
    if (colon < 0 || colon + 1 === body.length || body[colon + 1] === ' ') return colon
    from = colon + 1
  }
}

/** The place of the closing quote. */
function quoteEnd(source: string, start: number): number {
  const quote = source[start]
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\' && quote === '"') at++
    else if (source[at] === quote) {
      if (quote === "'" && source[at + 1] === "'") at++
      else return at
    }
  }
  return refuse()
}

function scalar(source: string): string {
  const first = source[0]
  if (first === '"' || first === "'") {
    const end = quoteEnd(source, 0)
    if (end < source.length - 1 && !/^\s+#/.test(source.slice(end + 1, end + 80))) refuse()
    const inner = source.slice(1, end)
    return first === '"' ? String(JSON.parse(`"${inner}"`)) : inner.replaceAll("''", "'")
  }
  // Anchors, aliases, tags and directives: no package manager writes them.
  if (first !== undefined && '&*!%`|>'.includes(first)) refuse()
  const comment = source.indexOf(' #')
  return comment < 0 ? source : source.slice(0, comment).trimEnd()
}

function isItem(body: string): boolean {
  return body === '-' || body.startsWith('- ')
}

function withoutMark(source: string): string {
  return source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
}

function refuse(): never {
  throw new Error('it is not in the form a package manager writes')
}

/**
 * The notation of Yarn 1: `"a@^1", a@^2:` above fields that are indented by two, whose own fields are indented by four.
 *
 * @throws where a line fits nowhere, such as the marks of a merge conflict.
 */
export function readYarnClassic(source: string): Map<string, Tree> {
  const entries = new Map<string, Tree>()
  let entry: Record<string, Tree> | undefined
  let group: Record<string, Tree> | undefined
  let number = 0
  for (const raw of withoutMark(source).split('\n')) {
    number++
    const line = raw.trimEnd()
    const body = line.trimStart()
    if (body === '' || body[0] === '#') continue
    const indent = line.length - body.length
    const words = yarnWords(body, number)
    const opens = body.endsWith(':')
    if (indent === 0 && opens) {
      entry = Object.create(null) as Record<string, Tree>
      group = undefined
      for (const key of words) entries.set(key, entry)
    } else if (indent === 2 && entry !== undefined && opens && words.length === 1) {
      group = Object.create(null) as Record<string, Tree>
      entry[words[0]!] = group
    } else if (indent === 2 && entry !== undefined && words.length === 2) {
      group = undefined
      entry[words[0]!] = words[1]!
    } else if (indent === 4 && group !== undefined && words.length === 2) group[words[0]!] = words[1]!
    else throw new Error(`line ${number} is not understood`)
  }
  return entries
}

function yarnWords(body: string, number: number): string[] {
  const words: string[] = []
  for (let at = 0; at < body.length; ) {
    const char = body[at]!
    if (char === ' ' || char === ',' || (char === ':' && at === body.length - 1)) at++
    else if (char === '"') {
      const end = quoteEnd(body, at)
      words.push(String(JSON.parse(body.slice(at, end + 1))))
      at = end + 1
    } else {
      let end = at
      while (end < body.length && body[end] !== ' ' && body[end] !== ',') end++
      if (end === body.length && body[end - 1] === ':') end--
      if (end === at) throw new Error(`line ${number} is not understood`)
      words.push(body.slice(at, end))
      at = end
    }
  }
  return words
}

/** Declarations of the kinds that sources are full of. Each takes a name, what it may call, and draws the rest. */
import type { Draws } from './random.ts'

/** A function of the project: `(value: number) => number`. All of them are, so that anything can call anything. */
export type Callable = string

export interface Declared {
  readonly code: string
  /** What others can call of it. */
  readonly callable?: Callable
}

const nouns = 'order invoice customer basket product price stock shipment address payment refund coupon'.split(' ')
const verbs = 'load parse merge group sort filter format convert verify collect split compare'.split(' ')
const fields = 'id total count amount weight rate limit offset width score level factor'.split(' ')
const words = 'pending active closed failed open queued shipped returned draft archived hidden expired'.split(' ')

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1)

/** A name nobody else in the module has. */
export const freshName = (draws: Draws, index: number) => `${draws.of(verbs)}${capital(draws.of(nouns))}${index}`

const call = (draws: Draws, callables: readonly Callable[], value: string) =>
  callables.length > 0 ? `${draws.of(callables)}(${value})` : `Math.abs(${value})`

const comment = (draws: Draws) =>
  `/**\n * ${capital(draws.of(verbs))}s what is known of one ${draws.of(nouns)} or of many.\n * It keeps the ${draws.of(fields)} as it was, since a ${draws.of(nouns)} may be read twice.\n */\n`

type Shape = (name: string, draws: Draws, callables: readonly Callable[]) => Declared

const arithmetic: Shape = (name, draws, callables) => {
  const [a, b] = [draws.between(2, 97), draws.between(100, 9999)]
  return {
    callable: name,
    code: `${comment(draws)}export function ${name}(value: number, ${draws.of(fields)}Step: number = ${a}): number {
  let result = value % ${b}
  for (let round = 0; round < ${draws.between(2, 9)}; round++) {
    // Odd rounds go the other way.
    if (round % 2 === 1) {
      result -= ${call(draws, callables, 'round')} * 0.5
      continue
    }
    const { ${draws.of(fields)}: amount, ...rest } = { ${fields.map((field, at) => `${field}: round + ${at}`).join(', ')} }
    result += amount * Object.keys(rest).length
  }
  return Number.isFinite(result) ? result : ${draws.between(0, 9)}
}
`,
  }
}

const listing: Shape = (name, draws, callables) => ({
  callable: name,
  code: `export const ${name} = (value: number): number => {
  const rows: { key: string; ${draws.of(fields)}?: number; state: '${draws.of(words)}' | '${draws.of(words)}x' }[] = []
  for (const word of ['${words.slice(0, draws.between(3, 12)).join("', '")}']) {
    rows.push({ key: \`\${word}-\${value}\`, state: word.length > ${draws.between(3, 7)} ? '${draws.of(words)}x' as const : '${draws.of(words)}x' as const })
  }
  const byKey = new Map(rows.map((row) => [row.key, row] as const))
  const found = [...byKey.values()]
    .filter(({ key }) => key.startsWith('${draws.of(words).slice(0, 2)}') || key.endsWith('${draws.below(10)}'))
    .map(({ key }, index) => key.length * index)
    .reduce((sum, length) => sum + length, ${draws.below(100)})
  return found > ${draws.between(10, 50)} ? ${call(draws, callables, 'found')} : found
}
`,
})

const choosing: Shape = (name, draws, callables) => ({
  callable: name,
  code: `export function ${name}(value: number): number {
  const state = ${JSON.stringify(words)}[value % ${words.length}]
  switch (state) {
${words
  .slice(0, draws.between(4, 10))
  .map((word) => `    case '${word}':\n      return value + ${draws.between(1, 500)}`)
  .join('\n')}
    case undefined:
      throw new RangeError(\`There is no state \${value} of a ${draws.of(nouns)}.\`)
    default: {
      const text = String(value).padStart(${draws.between(4, 9)}, '0').replace(/^(0+)(\\d)/u, '$2')
      return ${call(draws, callables, 'text.length')} + Number.parseInt(text, 10)
    }
  }
}
`,
})

const tolerant: Shape = (name, draws, callables) => ({
  callable: name,
  code: `export function ${name}(value: number): number {
  try {
    const parsed = JSON.parse(\`{"${draws.of(fields)}": \${value}, "list": [1, 2, \${value}]}\`) as { list?: number[]; nested?: { deep?: number } }
    const [first = 0, , third = ${draws.between(1, 9)}, ...others] = parsed.list ?? []
    const deep = parsed.nested?.deep ?? ${call(draws, callables, 'first')}
    return first + third + others.length + deep
  } catch (error) {
    if (error instanceof SyntaxError) return -1
    throw error
  } finally {
    ${draws.chance(0.3) ? `seen${capital(name)}.add(value)` : 'void value'}
  }
}
const seen${capital(name)} = new Set<number>()
`,
})

const later: Shape = (name, draws, callables) => ({
  code: `export async function ${name}Async(values: readonly number[], signal?: AbortSignal): Promise<number[]> {
  const results: number[] = []
  for (const value of values) {
    if (signal?.aborted) break
    const answer = await Promise.resolve(${call(draws, callables, 'value')})
    results.push(answer ?? ${draws.below(50)})
  }
  const settled = await Promise.all(results.map(async (each) => ({ each, ok: each !== ${draws.below(50)} })))
  return settled.filter(({ ok }) => ok).map(({ each }) => each)
}
`,
})

const table: Shape = (name, draws, callables) => ({
  callable: name,
  code: `export const ${name}Table = {
${fields.map((field) => `  ${field}: { label: '${capital(field)} of the ${draws.of(nouns)}', unit: '${draws.of(['kg', 'm', 's', 'EUR'])}', digits: ${draws.below(4)}, range: [${draws.below(10)}, ${draws.between(10, 999)}] },`).join('\n')}
} as const satisfies Record<string, { label: string; unit: string; digits: number; range: readonly [number, number] }>

export type ${capital(name)}Field = keyof typeof ${name}Table

export function ${name}(value: number): number {
  const entry = ${name}Table[${draws.chance(0.5) ? `'${draws.of(fields)}'` : `Object.keys(${name}Table)[value % ${fields.length}] as ${capital(name)}Field`}]
  const [least, most] = entry.range
  return Math.min(most, Math.max(least, ${call(draws, callables, 'value')})) + entry.digits
}
`,
})

const typesOnly: Shape = (name, draws) => ({
  code: `${comment(draws)}export interface ${capital(name)} {
${fields.map((field) => `  /** In the unit of the ${draws.of(nouns)}. */\n  readonly ${field}${draws.chance(0.3) ? '?' : ''}: ${draws.of(['number', 'string', 'readonly string[]', 'Date', `'${draws.of(words)}' | '${draws.of(words)}'`])}`).join('\n')}
}

export type ${capital(name)}Patch = Partial<Omit<${capital(name)}, '${draws.of(fields)}'>> & { readonly reason?: string }
`,
})

const classes: Shape = (name, draws, callables) => ({
  callable: name,
  code: `${comment(draws)}export class ${capital(name)} {
  static readonly limit = ${draws.between(10, 500)}
  readonly #entries = new Map<string, number>()
  #reads = 0
  ${draws.of(['private', 'protected', 'public'])} readonly label: string

  constructor(label: string) {
    this.label = label
  }

  get size(): number {
    return this.#entries.size
  }

  set(key: string, value: number): this {
    if (this.#entries.size >= ${capital(name)}.limit) this.#entries.delete(this.#entries.keys().next().value ?? '')
    this.#entries.set(\`\${this.label}:\${key}\`, ${call(draws, callables, 'value')})
    return this
  }

  get(key: string): number | undefined {
    this.#reads += 1
    return this.#entries.get(\`\${this.label}:\${key}\`)
  }

  *[Symbol.iterator](): Iterator<[string, number]> {
    for (const [key, value] of this.#entries) yield [key.slice(this.label.length + 1), value * ${draws.between(1, 7)}]
  }
}

export function ${name}(value: number): number {
  const held = new ${capital(name)}('${draws.of(words)}').set('${draws.of(fields)}', value)
  let sum = 0
  for (const [key, amount] of held) sum += key.length + amount
  return sum
}
`,
})

const registry: Shape = (name, draws, callables) => ({
  callable: name,
  code: `const ${name}Handlers = new Map<string, (value: number) => number>()
${words
  .slice(0, draws.between(2, 6))
  .map((word) => `${name}Handlers.set('${word}', (value) => ${call(draws, callables, `value + ${draws.below(100)}`)})`)
  .join('\n')}

export function ${name}(value: number): number {
  const handler = ${name}Handlers.get(value > ${draws.below(100)} ? '${draws.of(words)}' : '${draws.of(words)}')
  return handler === undefined ? value : handler(value)
}
`,
})

const shapes: readonly (readonly [weight: number, shape: Shape])[] = [
  [5, arithmetic],
  [5, listing],
  [3, choosing],
  [3, tolerant],
  [2, later],
  [2, table],
  [4, typesOnly],
  [3, classes],
  [1, registry],
]

const weighted = shapes.flatMap(([weight, shape]) => Array.from({ length: weight }, () => shape))

/** Declarations until there are `lines` of them. Each may call those before it, and what is imported. */
export function declarations(draws: Draws, lines: number, imported: readonly Callable[]): Declared[] {
  const made: Declared[] = []
  const callables: Callable[] = [...imported]
  for (let count = 0; count < lines; ) {
    const declared = draws.of(weighted)(freshName(draws, made.length), draws, callables)
    made.push(declared)
    if (declared.callable) callables.push(declared.callable)
    count += declared.code.split('\n').length
  }
  // Something can be called of every module.
  if (!made.some(({ callable }) => callable)) made.push(arithmetic(freshName(draws, made.length), draws, callables))
  return made
}

import assert from 'node:assert/strict'
import { distinct, type Pair, reordered, trickyPairs } from './inputs.ts'
import type { Keying } from './results.ts'

/** A function of ours or of a peer that answers calls: memoized, or a plain read of a cache that was filled before. */
export type Answering = (...args: any[]) => unknown

/** What a contender is handed. */
export interface Setting {
  /** The function to cache. */
  readonly fn: (...args: any[]) => any
  /** The calls that hits will make; a contender that only reads fills its cache with these. */
  readonly calls: readonly (readonly any[])[]
  /** Runs `close` when the contender is done with. */
  onClose(close: () => unknown): void
}

/** One way of answering the calls of a group. */
export interface Contender {
  readonly name: string
  create(setting: Setting): Answering | Promise<Answering>
  /**
   * What it keys by. `'structure'`: it takes any arguments and says that it keys by their content, so its collisions
   * are recorded. `'caller'`: the caller makes the key, or it takes primitives only.
   * @default 'caller'
   */
  readonly keys?: 'structure' | 'caller'
  /** What its answer says of what the function returned, where it is another form of that. @default the answer itself */
  readonly reads?: (answer: any) => unknown
  /** Whether what it caches takes one argument and no more. */
  readonly unary?: boolean
}

/** Contenders that make the same calls, one table of results. */
export interface Group {
  readonly id: string
  readonly title: string
  /** The contender that the ratios are against. */
  readonly reference: string
  /** The function that is cached. */
  readonly fn: (...args: any[]) => any
  /** The arguments of the call number `n`: new ones at each call. */
  args(n: number): readonly any[]
  /**
   * What is timed: makes the next calls, of `order` where they are hits. It is compiled anew for each contender, see
   * {@link fresh}, and uses nothing but its parameters.
   */
  readonly loop: (answer: Answering, build: (n: number) => any, order: readonly number[]) => () => unknown
  /** The builder that `loop` is given. */
  readonly build?: (n: number) => any
  /** How many calls one turn of the loop makes. @default 1 */
  readonly calls?: number
  /** How long a sample is. @default 3 */
  readonly sampleMilliseconds?: number
  /** `'keys'`: contenders answer with a text that identifies the arguments, and cache nothing. @default 'values' */
  readonly answers?: 'values' | 'keys'
  readonly contenders: readonly Contender[]
  /** Why the group cannot be measured here. */
  unavailable?(): Promise<string | undefined>
}

/**
 * Compiles a function anew, so that it has type feedback of its own. Closures of one function literal share theirs: a
 * loop that was run with one contender would call the next through an inline cache that has seen both, and the
 * first contenders of a run would look faster than they are. It is an arrow function and may use nothing from around it.
 */
export function fresh<TFunction extends (...args: any[]) => unknown>(fn: TFunction): TFunction {
  return new Function(`return (${fn})`)() as TFunction
}

/** Opens a contender, hands it to `use`, and closes it. */
export async function withContender<T>(
  contender: Contender,
  fn: Setting['fn'],
  calls: Setting['calls'],
  use: (answer: Answering) => Promise<T>,
): Promise<T> {
  const closing: (() => unknown)[] = []
  try {
    return await use(await contender.create({ fn, calls, onClose: (close) => closing.push(close) }))
  } finally {
    // The other way round: what was opened last uses what was opened before.
    for (const close of closing.reverse()) await close()
  }
}

export function callsOf(group: Group): (readonly any[])[] {
  return Array.from({ length: distinct }, (_, n) => group.args(n))
}

/**
 * Asserts that a contender answers each call as the function does, and ran it once for each different call: three times
 * over the same calls, with new arguments each time, then concurrently.
 */
export async function verify(group: Group, contender: Contender): Promise<void> {
  if (group.answers === 'keys') return verifyKeys(group, contender)
  let runs = 0
  const counted = counting(group.fn, () => runs++)
  const { reads = (answer: unknown) => answer } = contender
  await withContender(contender, counted, callsOf(group), async (answer) => {
    for (let turn = 0; turn < 3; turn++) {
      for (let n = 0; n < distinct; n++) {
        const result = answer(...group.args(n))
        if (!isAsyncFunction(group.fn)) assert(!isPromise(result), `${contender.name} answers with a promise`)
        assert.deepEqual(
          reads(await result),
          await group.fn(...group.args(n)),
          `${contender.name}: result of call ${n}`,
        )
      }
    }
    assert.equal(runs, distinct, `${contender.name} ran the function once for each different call`)
    const answers = await Promise.all(callsOf(group).map((args) => answer(...args)))
    assert.deepEqual(answers.map(reads), await Promise.all(callsOf(group).map((args) => group.fn(...args))))
    assert.equal(runs, distinct, `${contender.name} ran nothing again for concurrent calls`)
  })
}

/** Asserts that equal arguments get the same text and different ones another. */
async function verifyKeys(group: Group, contender: Contender): Promise<void> {
  await withContender(contender, group.fn, [], async (answer) => {
    const texts = Array.from({ length: distinct }, (_, n) => answer(...group.args(n)))
    const again = Array.from({ length: distinct }, (_, n) => answer(...group.args(n)))
    assert(
      texts.every((text) => typeof text === 'string' && text !== ''),
      `${contender.name} answers with texts`,
    )
    assert.deepEqual(again, texts, `${contender.name}: equal arguments, equal keys`)
    assert.equal(new Set(texts).size, distinct, `${contender.name}: different arguments, different keys`)
  })
}

const isPromise = (value: unknown) => typeof (value as { then?: unknown } | null)?.then === 'function'
const isAsyncFunction = (fn: object) => Object.prototype.toString.call(fn) === '[object AsyncFunction]'

/** The function with a count of its runs: of the same length and of the same kind, which some peers look at. */
function counting(fn: Setting['fn'], count: () => void): Setting['fn'] {
  const counted = isAsyncFunction(fn)
    ? async (...args: any[]) => {
        count()
        return fn(...args)
      }
    : (...args: any[]) => {
        count()
        return fn(...args)
      }
  return Object.defineProperty(counted, 'length', { value: fn.length })
}

/** Which of the tricky arguments a contender tells apart. */
export async function examine(group: Group, contender: Contender): Promise<Keying> {
  const outcomes = new Map<string, Outcome>()
  const pairs = trickyPairs.filter(({ a }) => !contender.unary || a.length === 1)
  for (const pair of [...pairs, reordered]) outcomes.set(pair.title, await outcomeOf(group, contender, pair))
  const titles = (outcome: Outcome) =>
    pairs.map(({ title }) => title).filter((title) => outcomes.get(title) === outcome)
  return {
    contender: contender.name,
    collides: titles('collides'),
    refuses: titles('refuses'),
    ordersProperties: outcomes.get(reordered.title) === 'collides',
  }
}

type Outcome = 'apart' | 'collides' | 'refuses'

async function outcomeOf(group: Group, contender: Contender, { a, b }: Pair): Promise<Outcome> {
  let runs = 0
  const fn = isAsyncFunction(group.fn) ? async (..._: unknown[]) => ++runs : (..._: unknown[]) => ++runs
  Object.defineProperty(fn, 'length', { value: a.length })
  // What makes a text of one value makes it of a list of arguments as of an array.
  const shape = (args: readonly unknown[]) => (group.answers === 'keys' && args.length > 1 ? [args] : args)
  return withContender(contender, fn, [], async (answer) => {
    try {
      const first = await answer(...shape(a))
      return (await answer(...shape(b))) === first ? 'collides' : 'apart'
    } catch {
      return 'refuses'
    }
  })
}

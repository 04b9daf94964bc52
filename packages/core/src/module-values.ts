/**
 * Values that belong to modules and are inputs of functions: what the environment was when a module read it (R05), and what
 * initialisers made that differ from process to process (R06). A function reads those of other modules by name. Only
 * programs with such stamps carry this file.
 */
import { common, processId, type TextOf } from './version.ts'

/** Readers of values that modules hold, by the name that the compiler gave them. */
const inputs = common('autocache.inputs', () => new Map<string, (() => unknown)[]>())

/** How often a module may be evaluated before its values count as unknown: hot reloads must not add up for ever. */
const evaluations = 100

/** Tells how a value that belongs to a module is read by functions of others (R05, R06). */
export function putInput(name: string, read: () => unknown): void {
  const readers = inputs.get(name) ?? []
  inputs.set(name, readers)
  if (readers.length < evaluations) readers.push(read)
  else readers[0] = () => unlike()
}

const copiesKey = Symbol.for('autocache.copies')

/** A value as it is now, read once; nothing where it cannot be read. */
export function snapshot(read: () => unknown): () => unknown {
  let value: unknown
  try {
    value = read()
  } catch {
    // The initialiser beside it asks first whether there is such a thing.
  }
  return () => value
}

let unknowns = 0

/** A value that no other call gets. */
function unlike(): string {
  return `unknown ${processId()} ${(unknowns += 1)}`
}

/**
 * The value of that name. A module that is in the process twice has two; where they are not equal it is not known which of
 * them the function sees, and the answer is one that no other call gets.
 */
export function readInput(name: string): unknown {
  const values = (inputs.get(name) ?? []).map((read) => read())
  const [first] = values
  if (values.length > 0 && values.every((value) => Object.is(value, first))) return first
  const areObjects = values.length > 0 && values.every((value) => typeof value === 'object' && value !== null)
  // Whether they hold the same is for a key to say.
  return areObjects ? { [copiesKey]: [...new Set(values)] } : unlike()
}

const identities = new WeakMap<object, string>()
let objects = 0

/** An object for what it is in this process; by whichever stamp it is read. */
function itself(object: object): string {
  let text = identities.get(object)
  if (text === undefined) identities.set(object, (text = `${processId()} ${(objects += 1)}`))
  return text
}

/**
 * A reader of values for a stamp. Each is made a text when it is first read: it may be large, and what changes it while the
 * program runs is a diagnostic. What cannot be keyed is another thing in every process.
 */
export function held(readers: readonly (() => unknown)[]): (textOf: TextOf) => string {
  const texts = new WeakMap<object, string>()
  const once = (value: unknown, textOf: TextOf): string => {
    if (typeof value !== 'object' || value === null) return textOf(value) ?? unlike()
    const copies = Object.getOwnPropertyDescriptor(value, copiesKey)?.value as readonly object[] | undefined
    if (copies) {
      const [text, ...others] = copies.map((copy) => once(copy, textOf))
      return text !== undefined && others.every((other) => other === text) ? text : unlike()
    }
    let text = texts.get(value)
    if (text === undefined) {
      text = textOf(value) ?? itself(value)
      texts.set(value, text)
    }
    return text
  }
  return (textOf) =>
    readers
      .map((read) => {
        try {
          return once(read(), textOf)
        } catch {
          // Before its declaration there is nothing to tell apart.
          return unlike()
        }
      })
      .join()
}

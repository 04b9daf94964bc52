/**
 * The code behind the objects that a stamped function calls through (R04). `this.repo.find()` runs the code of whatever
 * class `this.repo` is of, which is known when the call is made: the stamps of that class and of those below it join the
 * version, and what those classes in turn call through does as well. The data that their members read joins the key,
 * where a key can be made of it: two objects of one class need not answer alike.
 *
 * A class of a package is in the static version where it is declared as one; a class of the platform needs no version.
 * Whatever else has no stamp is code that nobody knows: over a shared store an error, else itself.
 */
import { UnversionedFunctionError } from './errors.ts'
import { cacheKey, isOpaque } from './key.ts'
import type { AnyFunction } from './options.ts'
import { type Calls, type Dispatch, type Stamp, stampOf, type Through, written } from './version.ts'

/** Paths for a stamp. */
export function through(calls: Calls): Through {
  return { calls, follow }
}

/** Follows the paths of a stamp from a receiver. */
function follow(calls: Calls, self: unknown, label: string, to: Dispatch): void {
  const seen = new Map<unknown, number>()
  const pending: { readonly calls: Calls; readonly self: unknown; readonly at: string }[] = [
    { calls, self, at: 'this' },
  ]
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const [name, read, known] of next.calls) {
      const path = next.at + name.slice('this'.length)
      let value: unknown
      try {
        value = read(next.self)
      } catch {
        // The function, or the member, throws there as well.
        to.code('!')
        continue
      }
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
        to.code(value === null || value === undefined ? '-' : typeof value)
        continue
      }
      const earlier = seen.get(value)
      if (earlier !== undefined) {
        to.code(`=${earlier}`)
        continue
      }
      seen.set(value, seen.size)
      const stamps = typeof value === 'function' ? stampsOfFunction(value, known) : stampsOf(value, known)
      if (!stamps) {
        if (to.isAccepted(path)) to.code('?')
        else if (to.itself) to.itself(value)
        else throw unknown(label, path)
        continue
      }
      to.code(`(${stamps.map(({ version }) => version).join()})`)
      // A class that says what it is keyed by is asked.
      const keyed = typeof (value as { [cacheKey]?: unknown })[cacheKey] === 'function'
      // So is what a package made, as far as it is data.
      if (keyed || known === true) to.data(dataOf(value))
      for (const stamp of stamps) {
        for (const field of (keyed ? undefined : stamp.receiver) ?? []) to.data(dataOf(readOf(field, value)))
        if (stamp.calls) pending.push({ calls: stamp.calls.calls, self: value, at: path })
      }
    }
  }
}

function readOf(field: (self: unknown) => unknown, self: unknown): unknown {
  try {
    return field(self)
  } catch {
    return undefined
  }
}

/** Stands for what is no data. */
const handle: unknown = new Map()

/** A pool, a client is told from data here: the error that its key would be is most of a call. */
function dataOf(value: unknown): unknown {
  try {
    return isOpaque(value) ? handle : value
  } catch {
    return value
  }
}

/**
 * The stamps of the classes that an object is of, the lowest first. None where the first class has none and comes neither
 * from the platform nor, as declared, from a package.
 */
function stampsOf(object: object, known: boolean | string | undefined): Stamp[] | undefined {
  const found: Stamp[] = []
  let prototype = Object.getPrototypeOf(object)
  let accepted = false
  for (; prototype !== null && !isRoot(prototype); prototype = Object.getPrototypeOf(prototype)) {
    const Class: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
    if (typeof Class !== 'function') continue
    const stamp = stampOf(Class)
    if (stamp) {
      if (stamp.version === known) return found
      found.push(stamp)
    } else if (found.length === 0) {
      if (known !== true && !isNative(Class)) return undefined
      accepted = true
    }
  }
  return found.length > 0 || accepted || known === true ? found : undefined
}

/** A class that static members are called on, or a function with members. */
function stampsOfFunction(fn: object, known: boolean | string | undefined): Stamp[] | undefined {
  const found: Stamp[] = []
  for (
    let at: object | null = written(fn as AnyFunction);
    at !== null && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const stamp = stampOf(at)
    if (!stamp) {
      if (found.length === 0 && known !== true && !isNative(at)) return undefined
      continue
    }
    if (stamp.version === known) return found
    found.push({ contract: stamp.contract, label: stamp.label, version: stamp.version })
  }
  return found
}

/** The prototype of plain objects, of whatever realm. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function isNative(fn: object): boolean {
  return /^function \w+\(\) {\s+\[native code]\s+}$/.test(Function.prototype.toString.call(fn))
}

function unknown(label: string, path: string): UnversionedFunctionError {
  return new UnversionedFunctionError(
    label,
    'no version',
    `\`${label}\` calls through \`${path}\`, and what is there has no version: no class of this program that was compiled ` +
      'with autocache, and none of a package by its declared type. Give what it does a version in `deps`, such as the ' +
      `\`sourceVersion\` of its functions, or leave it out with \`deps: { ignore: ['${path}'] }\`.`,
  )
}

/** What is known of the language's own objects: which calls mutate, which only read, which depend on the moment. */
import type { DiagnosticCode } from './diagnostics.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** Methods of built-in objects that change their receiver. A method of another object by such a name may as well. */
const mutators = words(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear append extend getOrInsert getOrInsertComputed',
)
export const isMutator = (method: string): boolean => mutators.has(method) || /^set[A-Z]/.test(method)

/** Static methods that change their first argument. */
const staticMutators: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: words('assign defineProperty defineProperties setPrototypeOf freeze seal preventExtensions'),
  Reflect: words('set defineProperty deleteProperty setPrototypeOf preventExtensions'),
}
export const isStaticMutator = (object: string, method: string): boolean =>
  Object.hasOwn(staticMutators, object) && staticMutators[object]!.has(method)

/** Methods whose result is fresh: what happens to it does not happen to the receiver. */
const copying = words(
  'slice map filter concat flat flatMap toSorted toReversed toSpliced with split keys values entries join replace ' +
    'replaceAll trim toString toUpperCase toLowerCase includes indexOf has test match',
)
export const copies = (method: string): boolean => copying.has(method)

/** Methods that call the function they are given at once, or as soon as the promise settles. */
const callers = words(
  'forEach map filter reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted from then catch finally',
)
export const callsBack = (method: string): boolean => callers.has(method)

/** Functions of the language that leave their arguments alone. */
const reading: Readonly<Record<string, ReadonlySet<string> | true>> = {
  Object: words(
    'keys values entries fromEntries getOwnPropertyNames getOwnPropertySymbols getOwnPropertyDescriptor ' +
      'getOwnPropertyDescriptors getPrototypeOf hasOwn is isFrozen isSealed isExtensible create groupBy',
  ),
  Reflect: words('get has ownKeys getPrototypeOf getOwnPropertyDescriptor isExtensible'),
  JSON: words('stringify parse'),
  Array: words('from isArray of'),
  Math: true,
  Number: true,
  String: true,
  Boolean: true,
  Symbol: true,
  BigInt: true,
  Map: true,
  Set: true,
  WeakMap: true,
  WeakSet: true,
  Date: true,
  RegExp: true,
  Error: true,
  TypeError: true,
  RangeError: true,
  URL: true,
  URLSearchParams: true,
  console: true,
  parseInt: true,
  parseFloat: true,
  isNaN: true,
  isFinite: true,
  encodeURIComponent: true,
  decodeURIComponent: true,
  encodeURI: true,
  decodeURI: true,
  structuredClone: true,
}
/** Whether a global function, or the method of a global object, only reads what it is given. */
export function onlyReads(global: string, method: string | undefined): boolean {
  if (!Object.hasOwn(reading, global)) return false
  const known = reading[global]!
  return known === true || (method !== undefined && known.has(method))
}

/** The global object by any of its names. */
export const globalObjects = words('globalThis global window self')

const moments: Readonly<Record<string, DiagnosticCode>> = {
  'Date.now': 'impure-time',
  'performance.now': 'impure-time',
  'performance.timeOrigin': 'impure-time',
  'process.hrtime': 'impure-time',
  'process.hrtime.bigint': 'impure-time',
  'process.uptime': 'impure-time',
  'Temporal.Now.instant': 'impure-time',
  'Temporal.Now.zonedDateTimeISO': 'impure-time',
  'Temporal.Now.plainDateTimeISO': 'impure-time',
  'Temporal.Now.plainDateISO': 'impure-time',
  'Temporal.Now.plainTimeISO': 'impure-time',
  'Temporal.Now.timeZoneId': 'locale-tz',
  'Math.random': 'impure-random',
  'crypto.randomUUID': 'impure-random',
  'crypto.getRandomValues': 'impure-random',
  fetch: 'io',
}
/** The diagnostic that a call of a global earns: `Date.now`, `fetch`. */
export const momentOf = (path: string): DiagnosticCode | undefined =>
  Object.hasOwn(moments, path) ? moments[path] : undefined

const randomImports = words('randomUUID randomBytes randomInt getRandomValues webcrypto')
const ioModules = words(
  'fs fs/promises net http https http2 dns dns/promises child_process dgram tls readline cluster worker_threads sqlite',
)
const requestModules = words('next/headers next/cache')

/** The diagnostic that using an import earns. */
export function importedMoment(specifier: string, name: string): DiagnosticCode | undefined {
  const bare = specifier.replace(/^node:/, '')
  if (bare === 'crypto' && randomImports.has(name)) return 'impure-random'
  if (bare === 'perf_hooks') return 'impure-time'
  if (ioModules.has(bare)) return 'io'
  if (requestModules.has(bare) && /^(?:cookies|headers|draftMode|connection)$/.test(name)) return 'request-context'
  return undefined
}

const localDates = words(
  'getFullYear getMonth getDate getDay getHours getMinutes getSeconds getTimezoneOffset setHours setMinutes setDate ' +
    'setMonth setFullYear toDateString toTimeString',
)
const localeMethods = words('toLocaleString toLocaleDateString toLocaleTimeString localeCompare')

/** The diagnostic that a method call earns by its name, whatever the receiver. */
export function methodMoment(method: string, argumentsCount: number): DiagnosticCode | undefined {
  if (localDates.has(method)) return 'locale-tz'
  if (localeMethods.has(method)) return argumentsCount > (method === 'localeCompare' ? 1 : 0) ? undefined : 'locale-tz'
  if (method === 'getStore' && argumentsCount === 0) return 'request-context'
  return undefined
}

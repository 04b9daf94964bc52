const brand = Symbol.for('autocache.error')

/** Every `code` an autocache error can carry. */
export type AutocacheErrorCode =
  | 'UNKEYABLE_VALUE'
  | 'UNVERSIONED_FUNCTION'
  | 'STORE_FAILED'
  | 'ENTRY_FORMAT'
  | 'UNSTORABLE_VALUE'
  | 'INVALID_OPTION'
  | 'DUPLICATE_DEFINITION'
  | 'EXPECTATION_FAILED'

/**
 * The class of every error that autocache itself raises. Recognise one with {@link isAutocacheError}, which also knows
 * the errors of a second copy of this package.
 */
export class AutocacheError extends Error {
  /** What went wrong, as a constant to branch on. */
  readonly code: AutocacheErrorCode

  constructor(code: AutocacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AutocacheError'
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }
}

/** An argument, capture or key that cannot be told apart from others, or is past the bounds. */
export class UnkeyableValueError extends AutocacheError {
  declare readonly code: 'UNKEYABLE_VALUE'
  /** Where the value stands: `args[0].filter.fn`. */
  readonly path: string
  /** `kind`: nothing like it can be a key. `bounds`: too deep or too large. `unreadable`: reading it threw. */
  readonly reason: 'kind' | 'bounds' | 'unreadable'

  constructor(path: string, reason: 'kind' | 'bounds' | 'unreadable', message: string, options?: ErrorOptions) {
    super('UNKEYABLE_VALUE', message, options)
    this.name = 'UnkeyableValueError'
    this.path = path
    this.reason = reason
  }
}

/** A function without a version over a store that outlives the process (R01). */
export class UnversionedFunctionError extends AutocacheError {
  declare readonly code: 'UNVERSIONED_FUNCTION'
  /** The name of the refused function. */
  readonly functionName: string
  /** What is missing: a version, or a label that survives a build; or what hides the source that a version comes from. */
  readonly reason: string

  constructor(functionName: string, reason: string, message: string) {
    super('UNVERSIONED_FUNCTION', message)
    this.name = 'UnversionedFunctionError'
    this.functionName = functionName
    this.reason = reason
  }
}

/** A store operation that failed, timed out or was not acknowledged; `cause` is the store's own error. */
export class StoreError extends AutocacheError {
  declare readonly code: 'STORE_FAILED'
  /** The store, by its `name`, else that of its class. */
  readonly store: string
  /** The operation that failed. */
  readonly operation: string
  /** Whether it was not even asked, because it failed so often that its breaker is open. */
  readonly refused: boolean

  constructor(store: string, operation: string, message: string, options: ErrorOptions & { refused?: boolean } = {}) {
    super('STORE_FAILED', message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'StoreError'
    this.store = store
    this.operation = operation
    this.refused = options.refused ?? false
  }
}

/** Stored bytes that are not an entry this release can read. */
export class EntryFormatError extends AutocacheError {
  declare readonly code: 'ENTRY_FORMAT'
  /** What was found, described without quoting it. */
  readonly found: string
  /** What this release reads. */
  readonly supported: string

  constructor(found: string, supported: string, options?: ErrorOptions) {
    super(
      'ENTRY_FORMAT',
      `Not a readable entry: found ${found}, supported is ${supported}. It counts as a miss.`,
      options,
    )
    this.name = 'EntryFormatError'
    this.found = found
    this.supported = supported
  }
}

/** A value that cannot be stored without changing it. */
export class UnstorableValueError extends AutocacheError {
  declare readonly code: 'UNSTORABLE_VALUE'
  /** Where the part that cannot be stored stands: `value.rows[3].connection`. */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('UNSTORABLE_VALUE', message, options)
    this.name = 'UnstorableValueError'
    this.path = path
  }
}

/**
 * Whether `error` was raised by autocache, by whichever copy of it.
 * @example
 * ```ts
 * import { isAutocacheError } from '@autocache/core'
 * isAutocacheError(new Error('mine')) // false
 * ```
 */
export function isAutocacheError(error: unknown): error is AutocacheError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The mark that `isAutocacheError` of `@autocache/core` knows its errors by; the compiler stands beside core, not on it. */
const brand = Symbol.for('autocache.error')

/** Every `code` of an error of the compiler. What is wrong with a source file is a diagnostic and never an error. */
export type CompilerErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_CONFIG'
  | 'INVALID_MANIFEST'
  | 'UNKNOWN_FILE'
  | 'UNKNOWN_EXPORT'

/** The class of every error that the compiler raises itself. */
export class CompilerError extends Error {
  /** What went wrong, as a constant to branch on. */
  readonly code: CompilerErrorCode
  /** The file it is about, relative to the root where it lies below it. */
  readonly file: string | undefined

  constructor(code: CompilerErrorCode, message: string, options?: ErrorOptions & { readonly file?: string }) {
    super(message, options)
    this.name = 'CompilerError'
    this.code = code
    this.file = options?.file
    Object.defineProperty(this, brand, { value: true })
  }
}

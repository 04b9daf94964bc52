/** What the user can set right: printed as one message, without a stack. The command ends with {@link exitCodes.wrong}. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UserError'
  }
}

/** How a command ends. */
export const exitCodes = {
  fine: 0,
  /** `check` found errors, or `diff --fail-on-cold` found functions that go cold. */
  findings: 1,
  /** The command could not be carried out: wrong use, a missing file, a server that does not answer. */
  wrong: 2,
  /** A bug of ours. */
  bug: 70,
} as const

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ')
  if (error instanceof Error) return error.message || String((error as { code?: unknown }).code ?? error.name)
  return String(error)
}

/** `code` of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

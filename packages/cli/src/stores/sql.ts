import { codeOf, UserError } from '../errors.ts'
import { clean } from '../text.ts'

/** `schema.table` in the quotes of a database. */
export function quotedTable(table: string, quote: '"' | '`'): string {
  return table
    .split('.')
    .map((part) => quote + part.replaceAll(quote, quote + quote) + quote)
    .join('.')
}

/** The error to throw: one that names the table, where `error` says that it is not there. */
export function missingTable(error: unknown, codes: RegExp, table: string, name: string): unknown {
  if (!codes.test(codeOf(error) ?? '')) return error
  return new UserError(
    `${name} has no table ${clean(table)} as Keyv makes it. If the entries are in another one, name it: --table <name>.`,
    { cause: error },
  )
}

import { codeOf, messageOf, UserError } from '../errors.ts'
import type { Terminal } from '../terminal.ts'
import { clean } from '../text.ts'
import { openMysql } from './mysql.ts'
import { openPostgres } from './postgres.ts'
import { openRedis } from './redis.ts'
import { openSqlite } from './sqlite.ts'
import type { GcStore, StoreTarget } from './store.ts'

const kinds = 'redis://, rediss://, sqlite:, postgres:// or mysql://'

/** Opens the store that an address names. @throws UserError without anything of the address that may be secret */
export async function openStore(target: StoreTarget, terminal: Terminal): Promise<GcStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(target.url)?.[1]?.toLowerCase()
  if (scheme === 'sqlite') return await attempt('the SQLite file', () => openSqlite(target))
  const open = scheme === undefined ? undefined : openers.get(scheme)
  if (open === undefined) {
    terminal.hide(target.url)
    throw new UserError(`--store takes the address of a store: ${kinds}.`)
  }
  const url = parse(target.url, terminal)
  const name = nameOf(url)
  if (open === openRedis && !/^\/?\d*$/.test(url.pathname)) {
    throw new UserError(`${name} names no database of Redis: the path is a number, as in redis://host:6379/0.`)
  }
  return await attempt(name, () => open(target, name))
}

const openers: ReadonlyMap<string, (target: StoreTarget, name: string) => Promise<GcStore>> = new Map([
  ['redis', openRedis],
  ['rediss', openRedis],
  ['postgres', openPostgres],
  ['postgresql', openPostgres],
  ['mysql', openMysql],
  ['mariadb', openMysql],
])

function parse(text: string, terminal: Terminal): URL {
  if (/[@?]/.test(text)) terminal.hide(text)
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new UserError(
      '--store is no valid address. Write it as redis://user:password@host:6379/0; signs such as @, / and # in a password are percent-encoded.',
    )
  }
  for (const secret of [url.password, decoded(url.password), url.search]) terminal.hide(secret)
  return url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** An address without user, password and parameters. */
function nameOf({ protocol, host, pathname }: URL): string {
  return clean(`${protocol}//${host}${pathname === '/' ? '' : pathname}`)
}

/** Runs work on a store, and tells what the store said instead of where in a library it was thrown. */
export async function attempt<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError || isBug(error)) throw error
    const code = codeOf(error)
    const said = clean(messageOf(error))
    throw new UserError(
      `${name} failed: ${said}${code && !said.includes(code) ? ` (${code})` : ''}. ${remedy(code, said)}`,
      {
        cause: error,
      },
    )
  }
}

/** A mistake of ours rather than of a server. */
const isBug = (error: unknown): boolean =>
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  (error instanceof TypeError && codeOf(error) === undefined)

function remedy(code: string | undefined, said: string): string {
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|timeout/i.test(`${code} ${said}`)) {
    return 'Is the server running, and can it be reached from here?'
  }
  if (/auth|denied|password|WRONGPASS|28P01|28000/i.test(`${code} ${said}`)) return 'Check the user and the password.'
  return 'What was removed so far stays removed; run it again when that is cured.'
}

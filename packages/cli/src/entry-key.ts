/**
 * What is stored under a key of `@autocache/keyv`, recognised without doubt or not at all.
 *
 * A key is `<namespace>:<label>:<version>:<arguments>`, behind whatever prefixes Keyv and its adapter put there. The
 * entry is `a2.<checksum>.<header>\n<body>` inside Keyv's JSON (`a1.` of earlier releases); its header repeats the key.
 * So an entry is ours exactly when its checksum is right and the stored key ends with the key in the header: then the prefix is known too, whatever
 * it is, and nothing has to be guessed from colons. Everything else is left alone: other formats (also later ones of
 * ours), compressed or encrypted values, values of other programs. So are the epochs that stand beside entries, under
 * `<namespace>:<label>:epochs:...`: they are of no version, few, and end by themselves.
 *
 * `test/gc-stores.test.ts` holds this against entries written by the real store.
 */
import { createHash } from 'node:crypto'

/** An entry that is certainly ours. */
export interface StoredEntry {
  /** The namespace, label and version as they stand in the key: escaped, or digested (`~...`). */
  readonly namespace: string
  readonly label: string
  readonly version: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Epoch milliseconds after which Keyv does not give it any more. */
  readonly expiresAt?: number
}

/** The one scheme whose versions a manifest can name: stamped from static analysis. */
const stamped = /^(s1-[a-z2-7]{26})(?:\+|$)/

/** The version that decides: a joined version (`s1-...+s1-...`) begins with the function's own. */
export function stampedVersion(version: string): string | undefined {
  return stamped.exec(version)?.[1]
}

/** Versions of the stamped scheme that may stand in a stored key: a cheap look before its value is fetched. */
export function versionsIn(key: string): string[] {
  return Array.from(key.matchAll(/:(s1-[a-z2-7]{26})(?=[+:])/g), ([, version]) => version!)
}

/** The entry stored under a key, or nothing where it is not certainly one of ours. */
export function readEntry(storedKey: string, storedValue: string): StoredEntry | undefined {
  const { value: held, expires } = keyvRow(storedValue)
  if (held === undefined || !/^a[12]\./.test(held) || held[25] !== '.') return undefined
  const rest = held.slice(26)
  if (held.slice(3, 25) !== digest(rest).slice(0, 22)) return undefined
  const header = parse(rest.slice(0, rest.indexOf('\n')))
  const { key, createdAt } = (header ?? {}) as { key?: unknown; createdAt?: unknown }
  if (typeof key !== 'string' || typeof createdAt !== 'number' || !Number.isFinite(createdAt)) return undefined
  if (!storedKey.endsWith(key)) return undefined
  // Each part is escaped, so its colons separate; the arguments come last and may have some of their own.
  const [namespace, label, version, ...argumentsText] = key.split(':')
  if (!namespace || !label || !version || argumentsText.join(':') === '') return undefined
  return { namespace, label, version, createdAt, ...(expires !== undefined && { expiresAt: expires }) }
}

function keyvRow(text: string): { readonly value?: string; readonly expires?: number } {
  const { value, expires } = (parse(text) ?? {}) as { value?: unknown; expires?: unknown }
  return { ...(typeof value === 'string' && { value }), ...(typeof expires === 'number' && { expires }) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** SHA-256 as core computes it: lone surrogates, which have no UTF-8, are escaped first. */
function digest(text: string): string {
  const whole = text.replace(/[\ud800-\udfff\uffff]/gu, (unit) => `\uffff${unit.charCodeAt(0).toString(16)}`)
  return createHash('sha256').update(whole, 'utf8').digest('base64url')
}

/** A namespace or label as it stands in keys, in both forms: escaped, and digested where it did not fit. */
export function keyForms(part: string): readonly [escaped: string, digested: string] {
  const escaped = part.replace(/[^!-$&-9;-}]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return [escaped, `~${digest(part)}`]
}

/** A part of a key as it was before it was escaped. */
export function unescaped(part: string): string {
  return part.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/**
 * The whole key around the text of some arguments: `<namespace>:<label>:<version>:<arguments>`, as long as the store takes it.
 * Nothing is ever cut: what does not fit is digested. Decision: docs/decisions/0004-keys.md.
 */
import { AutocacheError } from './errors.ts'

/** The parts of a key before its arguments, and what the store takes. */
export interface KeyPrefixParts {
  readonly namespace: string
  readonly label: string
  readonly version: string
  /** SHA-256 as 43 characters of base64url. */
  readonly digest: (text: string) => string
  /** The longest key, in bytes, without the store's own prefix. @default Infinity */
  readonly maxBytes?: number | undefined
}

/** The arguments of a key, and what the store takes. */
export interface KeySuffixParts extends Pick<KeyPrefixParts, 'digest' | 'maxBytes'> {
  /** What `encodeArguments` made of them. */
  readonly argumentsText: string
  /** Whether they stand in clear where they fit. */
  readonly readable: boolean
}

const digestLength = 44

/** Replaces what is `unsafe` by UTF-16 unit, so that no two texts meet. */
function escapeUnits(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * `<namespace>:<label>:<version>:` in printable ASCII without spaces: the same for every call of a function, because room
 * for the digest of arguments is always kept. A part that does not fit is digested, never cut: the label, then the
 * namespace, then the version.
 * @throws AutocacheError `INVALID_OPTION` where even the digests do not fit
 */
export function keyPrefix({ namespace, label, version, digest, maxBytes = Infinity }: KeyPrefixParts): string {
  const raw = [namespace, label, version]
  const parts = raw.map((part) => escapeUnits(part, /[^!-$&-9;-}]/g))
  const prefix = () => `${parts.join(':')}:`
  const fits = () => prefix().length + digestLength <= maxBytes
  for (const at of [1, 0, 2]) {
    if (!fits() && (parts[at] as string).length > digestLength) parts[at] = `~${digest(raw[at] as string)}`
  }
  if (fits()) return prefix()
  throw new AutocacheError(
    'INVALID_OPTION',
    `No key fits into the ${maxBytes} bytes of the store. 180 are always enough.`,
  )
}

/** The whole key: its prefix, then the arguments in clear where that is wanted and they fit, else `~` and their digest. */
export function completeKey(
  prefix: string,
  { argumentsText, readable, digest, maxBytes = Infinity }: KeySuffixParts,
): string {
  if (readable) {
    // A store without a limit is in this process, and nothing follows the arguments.
    const text = maxBytes === Infinity ? argumentsText : escapeUnits(argumentsText, /[^!-$&-}]/g)
    if (prefix.length + text.length <= maxBytes) return prefix + text
  }
  return `${prefix}~${digest(argumentsText)}`
}

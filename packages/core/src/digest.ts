import { sha256 } from '#sha256'

/**
 * SHA-256 of a text, as 43 characters of base64url: the same on every runtime.
 *
 * It digests the UTF-8 bytes. A lone surrogate has none (every encoder writes the same replacement for each of them), so
 * it is escaped by UTF-16 unit first, and so is the escape itself, the noncharacter U+FFFF: no two texts are digested
 * alike (R09).
 */
export function digest(text: string): string {
  // Almost every text needs no escape, and to see that is much cheaper than to replace.
  return sha256(mustEscape.test(text) ? text.replace(lone, (unit) => `\uffff${unit.charCodeAt(0).toString(16)}`) : text)
}

const mustEscape = /[\ud800-\udfff\uffff]/
const lone = /[\ud800-\udfff\uffff]/gu

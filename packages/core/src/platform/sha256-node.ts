// The default import, because older releases have no `hash` to import by name.
import crypto from 'node:crypto'

/** SHA-256 of the UTF-8 bytes of a well-formed text, as base64url. */
export const sha256: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'base64url')
    : (text) => crypto.createHash('sha256').update(text, 'utf8').digest('base64url')

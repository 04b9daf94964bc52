import { createHash } from 'node:crypto'

/** The first 128 bits of a SHA-256, base64url. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest().subarray(0, 16).toString('base64url')
}

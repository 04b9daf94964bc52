import { sha256 as hash } from '@noble/hashes/sha2.js'

const encoder = new TextEncoder()

/** SHA-256 of the UTF-8 bytes of a well-formed text, as base64url; byte for byte what `sha256-node.ts` returns. */
export function sha256(text: string): string {
  return btoa(String.fromCharCode(...hash(encoder.encode(text))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}

/** Tokens: what the epoch of a name is in a store that others use, and how such a store holds it. */

/** The token that is the epoch of a name, and until when it is sure to stand in the store, in epoch milliseconds. */
export interface Token {
  readonly text: string
  readonly until: number
}

/** A token that was never given out before: 128 random bits. */
export function newToken(until: number): Token {
  const text = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  return { text: text.slice(0, 22).replace(/\+/g, '-').replace(/\//g, '_'), until }
}

/** A token as the store holds things, and when the store may drop it. */
export function encodeToken(holds: 'references' | 'text' | 'bytes', key: string, { text, until }: Token) {
  const expiresAt = until < 8.64e15 ? Math.ceil(until) : undefined
  return { entry: form(holds, key, `e1.${text}.${expiresAt ?? ''}`), expiresAt }
}

function form(holds: 'references' | 'text' | 'bytes', key: string, text: string): unknown {
  if (holds === 'text') return text
  if (holds === 'bytes') return new TextEncoder().encode(text)
  const facts = { format: 2, key, createdAt: 0, outcome: 'value', promised: false, epochs: 0 }
  return { ...facts, codec: 'epoch', body: text }
}

/** The token in what a store returned; nothing where it is none. */
export function decodeToken(held: unknown): Token | undefined {
  let text: unknown = held
  if (ArrayBuffer.isView(held)) text = new TextDecoder().decode(held)
  else if (typeof held === 'object' && held !== null && 'body' in held) text = held.body
  const match = typeof text === 'string' && /^e1\.([\w-]{22})\.(\d*)$/.exec(text)
  return match ? { text: match[1]!, until: match[2] === '' ? Infinity : Number(match[2]) } : undefined
}

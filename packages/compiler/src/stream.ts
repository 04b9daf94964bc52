/** The canonical stream of one definition: typed, length-prefixed tokens, so that no text can imitate another token. */

/** A text as a token. Lone surrogates are escaped: UTF-8 would make them equal. */
export function quoted(text: string): string {
  return /\p{Surrogate}/u.test(text) ? `'${text.length}:${units(text)}` : `"${text.length}:${text}`
}

const units = (text: string) => {
  let out = ''
  for (let index = 0; index < text.length; index += 1) out += text.charCodeAt(index).toString(16).padStart(4, '0')
  return out
}

/** A number by value: `-0` is not `0`. */
export const numberToken = (value: number): string => `#${Object.is(value, -0) ? '-0' : String(value)};`

/** Collects tokens. A node is `(Tag child child)`; a place can be kept for what is known only after its children. */
export class Stream {
  readonly #out: string[] = []

  put(token: string): void {
    this.#out.push(token)
  }

  open(tag: string): void {
    this.#out.push(`(${tag} `)
  }

  close(): void {
    this.#out.push(')')
  }

  /** Keeps a place and returns the function that fills it. */
  reserve(): (token: string) => void {
    const place = this.#out.push('') - 1
    return (token) => {
      this.#out[place] = token
    }
  }

  toString(): string {
    return this.#out.join('')
  }
}

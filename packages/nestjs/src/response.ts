/**
 * What is kept of a response: what the handler returned, and what it and the interceptors within set on the response. The
 * second caller gets what the first got (R13), or the response is not kept.
 */
import { estimateBytes } from '@autocache/core'
import { StreamableFile } from '@nestjs/common'
import { copyOf } from './copy.ts'

/** A response as it is kept. */
export interface Kept {
  readonly body: unknown
  /** The status that was set while the handler ran. */
  readonly status: number | undefined
  /** The headers that were set while the handler ran. */
  readonly headers: readonly (readonly [name: string, value: unknown])[]
  /** Epoch milliseconds of its making. */
  readonly at: number
  /** Whether it may be stored; where not, it still answers those who waited for it. */
  readonly keep: boolean
  /** Stands where a response is one request's alone; core hands that to nobody else. */
  readonly alone?: Iterator<never> | undefined
}

/** A response that is sent as JSON, as a store that hands out what it holds has it: nothing is put together for a hit. */
export interface Ready extends Kept {
  /** The JSON of the body, which stands for it; undefined where there is none. */
  readonly text: string | undefined
  /** The ETag that goes with the text, where the platform gave one. */
  readonly etag: string | undefined
}

/** A response of Express (`ServerResponse`) or Fastify (`Reply`). */
export interface RawResponse {
  readonly statusCode?: number
  readonly headersSent?: boolean
  readonly sent?: boolean
  getHeaders?(): Readonly<Record<string, unknown>>
}

/** What of a handler decides about its responses. */
export interface Keeping {
  readonly options: {
    readonly json?: boolean | undefined
    readonly maxBytes?: number | undefined
    readonly vary?: unknown
  }
  /** The headers that it is keyed by, in lower case. */
  readonly keyed: readonly string[]
}

/** A response of Nest's, as it is seen by the one who keeps it. */
export interface Made {
  readonly body: unknown
  readonly response: unknown
  /** What stood there when the handler began. */
  readonly before: Standing
  /** Whether its request was answered by then with what was stored: what stands there is of that answer. */
  readonly isAnswered: boolean
  /** Epoch milliseconds. */
  readonly at: number
  /** Whether nobody sees the body before it is sent as JSON. */
  readonly sentAsJson: boolean
}

/** The headers of a response, as they are now. */
export function headersOf(response: unknown): Readonly<Record<string, unknown>> {
  return { ...(response as RawResponse | undefined)?.getHeaders?.() }
}

/** What stands in a response. */
export interface Standing {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
}

/** What stands in a response now. */
export function standingIn(response: unknown): Standing {
  return { status: (response as RawResponse | undefined)?.statusCode, headers: headersOf(response) }
}

/** Whether anything was set on a response, or taken away, since then. */
export function isTouched(response: unknown, { status, headers: before }: Standing): boolean {
  const now = standingIn(response)
  const names = Object.keys({ ...before, ...now.headers })
  return now.status !== status || names.some((name) => !same(now.headers[name], before[name]))
}

/** Takes from a response what can be kept of it. */
export function keptOf(
  { body, response, before: { status: was, headers: before }, isAnswered, at, sentAsJson }: Made,
  { options, keyed }: Keeping,
): Kept {
  const { json, vary } = options
  const raw = isAnswered ? undefined : (response as RawResponse | undefined)
  const status = raw?.statusCode === was ? undefined : raw?.statusCode
  const after = raw ? headersOf(raw) : before
  const headers = Object.entries(after)
    .filter(([name, value]) => !same(value, before[name]))
    .map(([name, value]) => [name, ownValue(value)] as const)
  const isSent = Boolean(raw?.headersSent ?? raw?.sent)
  // What a middleware had put there for this request is in it.
  const isMore = headers.some(
    ([name, value]) => name !== 'vary' && before[name] !== undefined && String(value).includes(String(before[name])),
  )
  // What was taken away is not said to the next one.
  const isLess = Object.keys(before).some((name) => after[name] === undefined)
  const signsIn = headers.some(([name]) => name.toLowerCase() === 'set-cookie')
  const isOwn =
    signsIn || isLess || isMore || forbids(Object.entries(after), vary !== undefined) || variesBeyond(headers, keyed)
  if (isSent || isOwn || isStream(body)) return aloneWith({ body, status, headers, at, keep: false })
  const asJson = body !== undefined && !isBinary(body) && (json || (sentAsJson && isInstance(body)))
  const code = status ?? was ?? 200
  const isGood = code >= 200 && code < 300
  if (!asJson) return { body, status, headers, at, keep: isGood }
  const text = JSON.stringify(body) as string | undefined
  // A text and an object that is a text as JSON are sent in two ways, see `packed`.
  if (typeof body === 'object' && !isObjectText(text)) return aloneWith({ body, status, headers, at, keep: false })
  return { body: JSON.parse(text ?? 'null'), status, headers, at, keep: isGood }
}

/** Whether a response is within the bound. */
export function isWithin({ maxBytes = 1_048_576 }: Keeping['options'], body: unknown): boolean {
  return (typeof body === 'string' ? body.length : estimateBytes(body)) <= maxBytes
}

/** A response with its body as the JSON that is sent. Nothing where the body is not sent as JSON. */
export function readied(kept: Kept, etagOf: (text: string) => string | undefined): Ready | undefined {
  const { body } = kept
  if (body === undefined) return { ...kept, text: undefined, etag: undefined }
  const isData = typeof body === 'object' ? !isBinary(body) : typeof body === 'string' || typeof body === 'boolean'
  if (!isData && !(typeof body === 'number' && Number.isFinite(body))) return undefined
  try {
    const text = JSON.stringify(body) as string
    if (typeof body === 'object' && body !== null && !isObjectText(text)) return undefined
    return { ...kept, body: undefined, text, etag: isObjectText(text) ? etagOf(text) : undefined }
  } catch {
    // Sending it throws as well.
    return undefined
  }
}

/**
 * The same as one text: a line about it, and its body. A store of text reads that in a tenth of the time that it takes to put a
 * body together from parts that could be a `Date` or a `Map`, and the body can be sent as it is.
 */
export function packed({ text, etag, status, headers, at }: Ready): string {
  const head = JSON.stringify([at, status, headers, etag])
  return text === undefined ? head : `${head}\n${text}`
}

/** The response in a text of {@link packed}. */
export function unpacked(packed: string): Ready {
  const end = packed.indexOf('\n')
  const [at, status, headers, etag] = JSON.parse(end < 0 ? packed : packed.slice(0, end)) as [
    number,
    number | null,
    Kept['headers'],
    (string | null)?,
  ]
  return {
    body: undefined,
    status: status ?? undefined,
    headers,
    at,
    keep: true,
    text: end < 0 ? undefined : packed.slice(end + 1),
    etag: etag ?? undefined,
  }
}

/** The body of a response, whichever way it is held. */
export function bodyOf(held: Kept | Ready): unknown {
  return 'text' in held && held.text !== undefined ? JSON.parse(held.text) : held.body
}

/** Whether JSON is that of an object or a list, which platforms send as JSON; they send a text as a text. */
export function isObjectText(json: string | undefined): boolean {
  return json?.[0] === '{' || json?.[0] === '['
}

/** Whether the response itself says that it is nobody else's. */
function forbids(headers: readonly (readonly [string, unknown])[], varies: boolean): boolean {
  const control = headers.find(([name]) => name.toLowerCase() === 'cache-control')?.[1]
  return (varies ? /\bno-store\b/i : /\bno-store\b|\bprivate\b/i).test(String(control ?? ''))
}

/** Whether what ran says that it has looked at a header of the request that is not in the key. */
function variesBeyond(headers: readonly (readonly [string, unknown])[], keyed: readonly string[]): boolean {
  const names = String(headers.find(([name]) => name.toLowerCase() === 'vary')?.[1] ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
  // The body does not depend on the first, unless what was set is for one origin; the second is applied to what is sent.
  const allowed = ['', 'accept-encoding', ...keyed]
  if (!headers.some(([name]) => name.toLowerCase().startsWith('access-control-'))) allowed.push('origin')
  return names.some((name) => !allowed.includes(name))
}

/** A response that is one request's alone. */
export function aloneWith(kept: Kept): Kept {
  return { ...kept, keep: false, alone: [][Symbol.iterator]() as Iterator<never> }
}

/** Bytes, which some platforms send as they are. */
function isBinary(body: unknown): boolean {
  return ArrayBuffer.isView(body) || body instanceof ArrayBuffer
}

/** Whether there is anything else than plain data in a body, as far as JSON sees it. */
function isInstance(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'path' in copyOf(body)
}

/** A stream, a file, a web response: what can be sent once. */
function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  if (body instanceof StreamableFile || 'pipe' in body || 'getReader' in body || 'getStream' in body) return true
  return Symbol.asyncIterator in body || Object.prototype.toString.call(body) === '[object Response]'
}

/** A header that nobody else can change. */
export function ownValue(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value
}

/** Whether a header is as it was. */
function same(one: unknown, other: unknown): boolean {
  return one === other || (Array.isArray(one) && Array.isArray(other) && one.join('\0') === other.join('\0'))
}

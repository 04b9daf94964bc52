/**
 * What happens to a body between an interceptor and the wire. Where Express or Fastify make JSON of it themselves, and
 * nothing that the application added sees it before, its JSON is all there is to keep, and can be sent as the text it is.
 * What is not known to be so is taken for seen: a serializer that hides a field of an instance must get the instance.
 */

/**
 * Who sees a body: somebody does; nobody, and it is sent as JSON, in a form of the application's own (indented, escaped);
 * nobody, and it is sent as what `JSON.stringify` makes of it.
 */
export type Sending = 'seen' | 'json' | 'text'

/** What is used of a response of Express. Its methods of Node take half the time of those that Express has over them. */
export interface ExpressResponse {
  readonly json?: unknown
  readonly send?: unknown
  getHeader(name: string): unknown
  setHeader(name: string, value: string): void
}

/** The settings of an application of Express. */
export type ExpressSettings = Readonly<Record<string, unknown>>

/** The settings of the application of a response, where that is one of Express. Others may have an `app` of their own. */
export function settingsOf(response: unknown): ExpressSettings | undefined {
  const { app, setHeader } = (response ?? {}) as Partial<ExpressResponse> & { readonly app?: { settings?: unknown } }
  const settings = app?.settings
  const isExpress = typeof setHeader === 'function' && typeof settings === 'object' && settings !== null
  return isExpress && 'trust proxy fn' in settings ? (settings as ExpressSettings) : undefined
}

/** The ETag that Express makes of a text, where that is one of its own making. */
export function etagOf(settings: ExpressSettings | undefined, text: string): string | undefined {
  const make = settings && etagFn(settings)
  return make && (make(Buffer.from(text)) as string | undefined)
}

/** Whether Express would give a text such an ETag, and none stands there. */
export function lacksEtag(response: ExpressResponse, settings: ExpressSettings, etag: string): boolean {
  const isAlike = (settings.etag === 'weak') === etag.startsWith('W/')
  return isAlike && etagFn(settings) !== undefined && !response.getHeader('etag')
}

function etagFn(settings: ExpressSettings): ((body: Buffer) => unknown) | undefined {
  if (settings.etag !== 'weak' && settings.etag !== 'strong') return undefined
  const make = settings['etag fn']
  return typeof make === 'function' ? (make as (body: Buffer) => unknown) : undefined
}

/** How a body will be sent by a platform, for one request. */
export function sendingOf(request: object, response: unknown, settings: ExpressSettings | undefined): Sending {
  if (typeof response !== 'object' || response === null) return 'seen'
  if (!settings) return isFastifyPlain(request, response) ? 'text' : 'seen'
  const { json, send } = response as ExpressResponse
  // A middleware that wraps them puts its own function there; theirs read these settings.
  if (!reads(json, 'json replacer') || !reads(send, 'etag fn') || settings['json replacer']) return 'seen'
  return settings['json spaces'] || settings['json escape'] ? 'json' : 'text'
}

/** The functions that were found to be the platform's, by the setting that they read, and those that are not. */
const found = new Map<string, WeakMap<object, boolean>>()

/** Whether a function is the platform's: its text names the setting that it reads. */
function reads(fn: unknown, setting: string): boolean {
  if (typeof fn !== 'function') return false
  let known = found.get(setting)
  if (!known) found.set(setting, (known = new WeakMap()))
  let isTheirs = known.get(fn)
  if (isTheirs === undefined) known.set(fn, (isTheirs = Function.prototype.toString.call(fn).includes(setting)))
  return isTheirs
}

/** What Fastify keeps to itself, by the descriptions of its symbols. */
const names = { context: 'fastify.context', serializer: 'fastify.reply.serializer' }
const others = new Set(['fastify.replySerializerDefault', 'response-schema'])

const plain = new WeakMap<object, boolean>()

function isFastifyPlain(request: object, reply: object): boolean {
  const context = partOf(request, names.context) as { readonly preSerialization?: unknown } | undefined
  if (typeof context !== 'object' || context === null || partOf(reply, names.serializer) !== null) return false
  let known = plain.get(context)
  if (known === undefined) {
    known = context.preSerialization === null
    for (const symbol of Object.getOwnPropertySymbols(context))
      if (others.has(symbol.description ?? '') && (context as Record<symbol, unknown>)[symbol]) known = false
    plain.set(context, known)
  }
  return known
}

const symbols = new Map<string, symbol>()

/** What stands under a symbol of that description; undefined where there is none. */
function partOf(object: object, description: string): unknown {
  let symbol = symbols.get(description)
  if (symbol === undefined || !Object.hasOwn(object, symbol)) {
    symbol = Object.getOwnPropertySymbols(object).find((one) => one.description === description)
    if (symbol === undefined) return undefined
    symbols.set(description, symbol)
  }
  return (object as Record<symbol, unknown>)[symbol]
}

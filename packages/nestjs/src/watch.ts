/**
 * What an interceptor within ours reads of a request. It gets the request as it is, with the properties that may tell who
 * asks, or how, in front of it while the handler runs; so a response that was made from what no key has is not kept.
 */
import { IncomingMessage } from 'node:http'
import { headersOf } from './response.ts'

/** What Node itself puts on every request, symbols included. */
const nodes = Reflect.ownKeys(new IncomingMessage(undefined as never))

/** What a key has of every request, or what says nothing of who made it; what a platform keeps for itself. */
const harmless = new Set<string | symbol>([
  ...nodes,
  ...(
    'params query body route url originalUrl baseUrl path method hostname host hosts user log res next app server ' +
    'httpVersion httpVersionMajor httpVersionMinor complete aborted upgrade statusCode statusMessage validationError ' +
    'is404 routeOptions context rawBody file files _parsedUrl _parsedOriginalUrl _body'
  ).split(' '),
])

/** Properties of requests and responses that hide in their classes. */
const hidden =
  'headers rawHeaders headersDistinct trailers socket connection client ip ips protocol secure subdomains raw'
const hiddenOf = { request: hidden.split(' '), response: ['locals', 'raw'] }

/** How a header of the response is read; what stands there before the handler runs may be one request's alone. */
const readers = ['getHeader', 'getHeaders']

/**
 * Watches until the function that it returns is called, which says what was read besides `known`: headers in lower case,
 * and properties of the request that are in its key.
 */
export function watch(request: object, response: unknown, known: readonly string[]): () => string | undefined {
  let read: string | undefined
  let asked = 0
  const note = (name: string): void => {
    // A getter of the platform reads others.
    if (asked === 0 && !known.includes(name)) read ??= name
  }
  const standing = headersOf(response)
  const ends = [...guard(request, [...new Set([...hiddenOf.request, ...ownOf(request)])])]
  if (typeof response === 'object' && response !== null)
    ends.push(...guard(response, hiddenOf.response), ...guard(response, readers, reading(standing)))
  return () => {
    for (const end of ends) end()
    return read
  }

  /** Notes that a header is read which stood before; a `Vary` is put together by whoever adds to it. */
  function reading(before: object): (read: unknown) => unknown {
    const names = Object.keys(before).filter((name) => name !== 'vary')
    return (read) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const header = args.length === 0 ? names[0] : names.find((name) => name === String(args[0]).toLowerCase())
        if (header !== undefined) note(`${header} of the response`)
        // Fastify's reads its raw response.
        asked += 1
        try {
          return Reflect.apply(read as () => unknown, this, args)
        } finally {
          asked -= 1
        }
      }
  }

  function* guard(
    target: object,
    properties: readonly (string | symbol)[],
    instead?: (value: unknown) => unknown,
  ): Iterable<() => void> {
    for (const property of properties) {
      const own = Object.getOwnPropertyDescriptor(target, property)
      if (!(property in target) || own?.configurable === false) continue
      const value = (): unknown => {
        asked += 1
        try {
          if (!own) return Reflect.get(Object.getPrototypeOf(target) as object, property, target)
          return own.get ? own.get.call(target) : own.value
        } finally {
          asked -= 1
        }
      }
      const restore = () => {
        if (own) Object.defineProperty(target, property, own)
        else delete (target as Record<string | symbol, unknown>)[property]
      }
      const isHeaders = property === 'headers' || property === 'headersDistinct'
      let isOver = false
      Object.defineProperty(target, property, {
        configurable: true,
        enumerable: own?.enumerable ?? false,
        get: () => {
          if (instead) return instead(value())
          if (isHeaders) return asked > 0 ? value() : watched(value() as object, note)
          note(String(property))
          return value()
        },
        set: (given: unknown) => {
          isOver = true
          restore()
          ;(target as Record<string | symbol, unknown>)[property] = given
        },
      })
      yield () => {
        if (!isOver) restore()
      }
    }
  }
}

/** What the application has put on a request. */
function ownOf(request: object): (string | symbol)[] {
  return Reflect.ownKeys(request).filter(
    (name) => !harmless.has(name) && !(typeof name === 'symbol' && name.description?.startsWith('fastify.')),
  )
}

/** Headers that note which of them are read. */
function watched(headers: object, note: (name: string) => void): object {
  const one = (name: string | symbol) => {
    if (typeof name === 'string') note(name.toLowerCase())
  }
  return new Proxy(headers, {
    get: (target, name) => {
      one(name)
      return Reflect.get(target, name)
    },
    has: (target, name) => {
      one(name)
      return Reflect.has(target, name)
    },
    getOwnPropertyDescriptor: (target, name) => {
      one(name)
      return Reflect.getOwnPropertyDescriptor(target, name)
    },
    ownKeys: (target) => {
      note('all headers')
      return Reflect.ownKeys(target)
    },
  })
}

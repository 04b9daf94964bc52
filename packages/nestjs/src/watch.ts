/**
 * What an interceptor within ours reads of a request. It gets the request as it is, with the properties that may tell who
 * asks, or how, in front of it while the handler runs; so a response that was made from what no key has is not kept.
 */

/** What a key has of every request, or what says nothing of who made it; what a platform keeps for itself. */
const harmless = new Set(
  (
    'params query body route url originalUrl baseUrl path method hostname host hosts user log res next app server ' +
    'httpVersion httpVersionMajor httpVersionMinor complete aborted upgrade statusCode statusMessage validationError ' +
    'is404 routeOptions context rawBody file files'
  ).split(' '),
)

/** Properties of requests and responses that hide in their classes. */
const hidden =
  'headers rawHeaders headersDistinct trailers socket connection client ip ips protocol secure subdomains raw'
const hiddenOf = { request: hidden.split(' '), response: ['locals', 'raw'] }

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
  const ends = [...guard(request, [...new Set([...hiddenOf.request, ...ownOf(request)])])]
  if (typeof response === 'object' && response !== null) ends.push(...guard(response, hiddenOf.response))
  return () => {
    for (const end of ends) end()
    return read
  }

  function* guard(target: object, properties: readonly string[]): Iterable<() => void> {
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
        else delete (target as Record<string, unknown>)[property]
      }
      const isHeaders = property === 'headers' || property === 'headersDistinct'
      let isOver = false
      Object.defineProperty(target, property, {
        configurable: true,
        enumerable: own?.enumerable ?? false,
        get: () => {
          if (isHeaders) return asked > 0 ? value() : watched(value() as object, note)
          note(property)
          return value()
        },
        set: (given: unknown) => {
          isOver = true
          restore()
          ;(target as Record<string, unknown>)[property] = given
        },
      })
      yield () => {
        if (!isOver) restore()
      }
    }
  }
}

/** What the application has put on a request. */
function ownOf(request: object): string[] {
  return Object.keys(request).filter((name) => !harmless.has(name) && !name.startsWith('_'))
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

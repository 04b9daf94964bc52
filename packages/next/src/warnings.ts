import type { Unkept } from '@autocache/core/plumbing'

/** What is said once in the log, as Next itself would say it: what happened, and what to do. */
const told = new Set<string>()

export function warnOnce(label: string, text: string): void {
  const line = `Warning: autocache: \`${label}\` ${text}`
  if (told.has(line)) return
  told.add(line)
  console.warn(line)
}

export const remedies = {
  unversioned: (_: string, isConfigured: boolean): string =>
    isConfigured
      ? 'has no version and is not cached. Its module must be part of the program (`.ts`, `.tsx`, `.js`) and import `cached` from @autocache/next; or give `version`.'
      : 'has no version and is not cached. Wrap the configuration: `export default withAutocache(nextConfig)` of @autocache/next/config in next.config; or give `version`.',
  nested: (): string =>
    'is called within a function cached with `unstable_cache()`, where Next keeps nothing. Cache that function with `cached` of @autocache/next, or call this one outside of it.',
  'no-cache': (): string =>
    'is called in a proxy (middleware), where Next keeps nothing, and runs each time. Call it in the page or Route Handler behind it.',
} as const

export const unkept: { readonly [reason in Unkept]: string } = {
  'one-shot': 'returns what can be read only once (a stream, a Response), which is not cached. Return what is in it.',
  'inputs-changed':
    'changed its arguments, or what it is keyed by, while it ran; that result is not cached. Work on a copy.',
  'too-large':
    'returned more than the 2 MB that Next keeps in one entry, which is not cached. Return less, cache it in parts, or set `cacheHandler` to one of @autocache/next/cache-handler.',
  'too-many-tags':
    'is made from cached functions with more than 128 tags together, and is not cached. Give those functions one tag in common.',
  unfaithful:
    'returned what cannot be stored faithfully (a function, a class instance), which is not cached. Return plain data; `strict: true` makes it an error.',
  'request-state':
    'reads `cookies()` or `headers()`, which belong to one request, and is not cached. Read them outside and pass what is needed as an argument.',
}

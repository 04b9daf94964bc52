import { withAutocache } from '@autocache/next/config'

/** What a test asks for. */
const { HANDLER, BARE, CACHE_COMPONENTS, DURABLE, NO_SERVER_REFRESH } = process.env
const config = {
  devIndicators: false,
  // It is built often.
  typescript: { ignoreBuildErrors: true },
  ...(HANDLER && { cacheHandler: `${import.meta.dirname}/cache-handler.mjs`, cacheMaxMemorySize: 0 }),
  ...(CACHE_COMPONENTS && {
    cacheComponents: true,
    partialPrefetching: true,
    cacheHandlers: { remote: `${import.meta.dirname}/file-handler.mjs` },
  }),
  ...(NO_SERVER_REFRESH && { experimental: { turbopackServerFastRefresh: false } }),
  ...(DURABLE && { experimental: { durableUseCacheEntries: true } }),
}

export default BARE ? config : withAutocache(config)

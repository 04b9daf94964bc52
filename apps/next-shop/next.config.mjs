import { withAutocache } from '@autocache/next/config'

const { REDIS_URL } = process.env

/** One Redis for all instances, where there is one. */
const shared = REDIS_URL && {
  cacheHandler: `${import.meta.dirname}/cache-handler.mjs`,
  cacheMaxMemorySize: 0,
}

export default withAutocache({ cacheComponents: true, partialPrefetching: true, devIndicators: false, ...shared })

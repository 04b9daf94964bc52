import { join } from 'node:path'
import { withAutocache } from '@autocache/next/config'

export default withAutocache({
  cacheComponents: true,
  devIndicators: false,
  turbopack: { root: join(import.meta.dirname, '..', '..', '..') },
})

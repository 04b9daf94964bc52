import { createAutocache } from '@autocache/core'

export const cache = createAutocache({ namespace: 'nest' })

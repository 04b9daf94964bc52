import type { Group } from '../contender.ts'
import { asyncHit, miss } from './async.ts'
import { digestKeyGroup, encodeKeyGroup } from './keys.ts'
import { keyvGroups } from './keyv.ts'
import { lruAsyncHit, lruHit } from './lru-cache.ts'
import { redisGroups } from './redis.ts'
import { nestedObject, oneNewString, oneString, twoNumbers } from './sync.ts'

/** Everything that is compared by ratio, in the order of the report. */
export const groups: readonly Group[] = [
  oneString,
  oneNewString,
  twoNumbers,
  nestedObject,
  encodeKeyGroup,
  digestKeyGroup,
  asyncHit,
  miss,
  lruHit,
  lruAsyncHit,
  ...keyvGroups,
  ...redisGroups,
]

/**
 * Locks in Redis, by which one process of many runs a function: a text under a key in the slot of the entry's, with the
 * lease as its `PX`. Each operation is one script, so that none acts on a lock that another has taken meanwhile.
 */

import type { StoreLocks } from '@autocache/core'
import type { Driver } from './client.ts'
import { failed } from './explain.ts'
import type { Signals } from './signals.ts'
import { besides } from './slots.ts'

/** Answers with who has the lock, or nothing where it was taken; who waits for the note that was replaced is told. */
const acquireScript = `local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[3] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if held then redis.pcall('PUBLISH', ARGV[4], '') end
return false`

const renewScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

const releaseScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], '')
return 1`

/** Whether a server has no scripts, or none for this user, by what it says. */
const scriptless = /unknown command|unknown or disabled command|^NOPERM .*'eval'/i

/** The locks of a store. */
export function createLocks(
  driver: Driver,
  prefix: string,
  check: () => void,
  signals: Signals | undefined,
): StoreLocks {
  const { keyPrefix } = driver
  /** Whether the server was seen to have no scripts: then nobody waits for anybody. */
  let none = false

  /** The key of a lock as the client is to send it; in the slot of the entry with all prefixes. */
  const lockOf = (key: string) => besides(`${prefix}lock:`, keyPrefix + prefix + key)
  /** Where a release is told: by the whole key, because channels know no prefix. */
  const channelOf = (key: string) => `${keyPrefix}${prefix}free:${key}`

  async function run(script: string, key: string, args: readonly string[], operation: string): Promise<unknown> {
    check()
    const lock = lockOf(key)
    const [reply] = driver.send([{ key: lock, args: ['EVAL', script, '1', lock, ...args] }])
    try {
      return await reply
    } catch (error) {
      if (error instanceof Error && scriptless.test(error.message)) none = true
      throw failed(operation, error)
    }
  }

  return {
    async acquire(key, note, lease, instead = '') {
      if (none) return undefined
      const held = await run(acquireScript, key, [note, `${lease}`, instead, channelOf(key)], 'lock')
      return typeof held === 'string' ? held : undefined
    },
    async renew(key, note, lease) {
      return !none && Number(await run(renewScript, key, [note, `${lease}`], 'lock')) === 1
    },
    async release(key, note) {
      if (!none) await run(releaseScript, key, [note, channelOf(key)], 'unlock')
    },
    ...(signals && { watch: (key, wake) => signals.listen(channelOf(key), wake) }),
  }
}

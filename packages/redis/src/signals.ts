/**
 * Channels of Redis, listened to with a connection of the user's for that. One subscription for each channel however many
 * listen; it ends with the last of them.
 */

import { AutocacheError } from '@autocache/core'
import { isIoredis, type RedisClientLike } from './client.ts'

/** What hears of messages. */
export interface Signals {
  /** Calls `hear` for each message on a channel, until what it returns is called. */
  listen(channel: string, hear: (message: string) => void): () => void
}

type Members = Record<string, any>

/** One for each client: who stops listening to a channel ends it for the whole connection. */
const all = new WeakMap<object, Signals>()

/** The channels of a client. @throws AutocacheError where it cannot subscribe */
export function signalsOf(subscriber: RedisClientLike): Signals {
  let signals = all.get(subscriber)
  if (!signals) {
    signals = create(subscriber)
    all.set(subscriber, signals)
  }
  return signals
}

function create(subscriber: RedisClientLike): Signals {
  const members = subscriber as unknown as Members
  if (typeof members?.subscribe !== 'function') {
    throw new AutocacheError(
      'INVALID_OPTION',
      'The subscriber of a redisStore() is a second client that is connected, such as client.duplicate().',
    )
  }
  const hearers = new Map<string, Set<(message: string) => void>>()
  const tell = (channel: string, message: string) => {
    for (const hear of hearers.get(channel) ?? []) hear(message)
  }
  const ioredis = isIoredis(subscriber)
  let attached = false
  // With ioredis all messages come as one event, which is listened to while there is anything to hear.
  const attach = () => {
    if (ioredis && !attached) members.on('message', tell)
    attached = true
  }
  const detach = () => {
    if (ioredis && hearers.size === 0) members.off('message', tell)
    attached = hearers.size > 0
  }
  /** What a client refuses is as if nothing were heard: who listens looks for himself as well. */
  const quietly = async (run: () => unknown) => {
    try {
      await run()
    } catch {
      // It says so itself, with its `error` event.
    }
  }

  return {
    listen(channel, hear) {
      let own = hearers.get(channel)
      if (!own) {
        hearers.set(channel, (own = new Set()))
        attach()
        void quietly(() =>
          ioredis
            ? members.subscribe(channel)
            : members.subscribe(channel, (message: string) => tell(channel, message)),
        )
      }
      own.add(hear)
      return () => {
        own.delete(hear)
        if (own.size > 0 || hearers.get(channel) !== own) return
        hearers.delete(channel)
        detach()
        void quietly(() => members.unsubscribe(channel))
      }
    },
  }
}

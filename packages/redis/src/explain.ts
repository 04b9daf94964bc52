/** What a server or a client says went wrong, in words that say what to do. */

import { StoreError } from '@autocache/core'

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)|WRONGPASS/,
    'The server refuses the credentials of the client: look at its `username` and `password`.',
  ],
  [
    /^NOPERM/,
    'The user of the client lacks a permission. The store needs the commands get, mget, set, del, unlink, scan, eval, evalsha, publish and info on its keys (ACL `+@read +@write +@scripting +info`).',
  ],
  [
    /^READONLY/,
    'The server is a read-only replica. Connect to the master, through Sentinel or the endpoint for writes.',
  ],
  [/^OOM/, 'The server is out of memory and evicts nothing: set `maxmemory-policy` to `allkeys-lru` or the like.'],
  [
    /^MISCONF/,
    'The server takes no writes because it cannot save to its disk. Cached values need no disk: `stop-writes-on-bgsave-error no`.',
  ],
  [
    /^CROSSSLOT/,
    'Keys of several slots were sent as one command: the server is a cluster behind a client for one server. Use createCluster() or Redis.Cluster.',
  ],
  [
    /^(MOVED|ASK) /,
    'The server is part of a cluster and the client is one for a single server. Use createCluster() or Redis.Cluster.',
  ],
  [/^CLUSTERDOWN/, 'The cluster has no master for some slots.'],
  [/^LOADING/, 'The server is loading its data set.'],
  [/^MASTERDOWN/, 'The server is a replica whose master is down.'],
  [
    /unknown command|unknown or disabled command/i,
    'The server does not know a command that the store needs. Without scripts (EVAL) there are no locks, and in a cluster no incarnation.',
  ],
  [
    /subscriber mode|SUBSCRIBE.*allowed in this context/i,
    'The client is subscribed, so it takes no other command. Give the store `{ client, subscriber }` with a connection for each.',
  ],
  [/client is closed|connection is closed|ClientClosed/i, 'The client is closed, or was never connected.'],
  [
    /client is offline|isn't writeable|max retries per request|socket closed|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|Command aborted/i,
    'The server cannot be reached.',
  ],
]

/** What errors, events and `stats()` call the store. */
export const storeName = 'RedisStore'

/** The error of an operation, with the client's own as its cause. */
export function failed(operation: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const known = remedies.find(([pattern]) => pattern.test(message))
  const reason = known?.[1] ?? "The client's own error is the cause."
  return new StoreError(storeName, operation, `Redis failed in ${operation}. ${reason}`, { cause })
}

/** The error of an operation that had no error of the client's. */
export function refused(operation: string, reason: string): StoreError {
  return new StoreError(storeName, operation, `Redis failed in ${operation}. ${reason}`)
}

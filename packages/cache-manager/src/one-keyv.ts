/**
 * The operations on one Keyv of a cache. Each rejects with a `StoreError` where it failed, so that `undefined` and `false`
 * mean what they say. A failure is thrown once it is certain that nothing of the operation is still under way.
 */
import { type SetContext, StoreError } from '@autocache/core'
import { type KeyvLike, nameOf, readsAsPrefixed, type Used } from './cache-manager-like.ts'
import { Witness } from './witness.ts'

/** One entry to write. */
export interface Write {
  readonly key: string
  readonly entry: string
  readonly context?: SetContext<never> | undefined
}

/** What stands for a stored thing that is no text: not absent, and no entry that core could read. */
const unreadable = ''

export async function read(keyv: KeyvLike, key: string): Promise<string | undefined> {
  const witness = await Witness.of(keyv, 'read', (view) => view.get(key))
  const { result, answered } = witness
  // What the serializer cannot read is no failure of the storage: it is overwritten, and so heals.
  if (answered && witness.thrown) return unreadable
  if (typeof result === 'string') return result
  settle(witness, keyv, 'get')
  if (result !== undefined && result !== null) return unreadable
  return answered && !witness.dropped ? unreadable : undefined
}

export async function readMany(keyv: KeyvLike, keys: readonly string[]): Promise<(string | undefined)[]> {
  const oneByOne = () => Promise.all(keys.map((key) => read(keyv, key)))
  if (readsAsPrefixed(keyv, keys)) return oneByOne()
  const witness = await Witness.of(keyv, 'read', (view) => view.getMany([...keys]))
  const { result, failed } = witness
  // One text that the serializer cannot read fails them all; alone each says for itself.
  if (witness.thrown && witness.answered && !failed) return oneByOne()
  const whole = Array.isArray(result) && result.length === keys.length
  if (witness.thrown || !whole || !witness.reached) settle(witness, keyv, 'getMany')
  if (!whole) throw unacknowledged(keyv, 'getMany')
  const held = result.map((value: unknown) =>
    value === undefined || value === null || typeof value === 'string' ? (value ?? undefined) : unreadable,
  )
  if (failed && held.includes(undefined)) settle(witness, keyv, 'getMany')
  return held
}

export async function write({ keyv, longest }: Used, { key, entry, context }: Write): Promise<void> {
  const ttl = timeToLive(context, longest)
  const witness = await Witness.of(keyv, 'write', (view) => view.set(key, entry, ttl))
  settle(witness, keyv, 'set')
  if (witness.result === false) throw unacknowledged(keyv, 'set')
}

export async function writeMany({ keyv, longest }: Used, writes: readonly Write[]): Promise<void> {
  const entries = writes.map(({ key, entry, context }) => {
    const ttl = timeToLive(context, longest)
    return ttl === undefined ? { key, value: entry } : { key, value: entry, ttl }
  })
  const witness = await Witness.of(keyv, 'write', (view) => view.setMany(entries))
  settle(witness, keyv, 'setMany')
  const { result } = witness
  if (result === false || (Array.isArray(result) && result.includes(false))) throw unacknowledged(keyv, 'setMany')
}

/** Whether there was something to remove. */
export async function remove(keyv: KeyvLike, key: string): Promise<boolean> {
  const witness = await Witness.of(keyv, 'remove', (view) => view.delete(key))
  settle(witness, keyv, 'delete')
  return witness.result !== false
}

/**
 * The time to live in Keyv's terms: whole milliseconds, which Redis insists on, never 0, which Keyv stores for ever, and
 * no longer than a Keyv keeps an entry in front of others.
 */
export function timeToLive(context: SetContext<never> | undefined, longest?: number): number | undefined {
  const expiresAt = context?.expiresAt
  if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return longest
  return Math.min(Math.max(1, Math.ceil(expiresAt - Date.now())), longest ?? Infinity)
}

/** Throws what went wrong. */
function settle(witness: Witness<unknown>, keyv: KeyvLike, operation: string): void {
  const { failed, thrown } = witness
  if (failed || thrown) {
    const store = nameOf(keyv)
    const text = `${store}, beneath cache-manager, failed in ${operation}; its own error is the cause.`
    throw new StoreError(store, operation, text, { cause: failed ? witness.failure : witness.error })
  }
  if (!witness.reached) {
    const store = nameOf(keyv)
    const text =
      `Keyv did not ask ${store} for ${operation}, so its answer proves nothing. ` +
      "Is the key emptied by Keyv's sanitize option, or is this a Keyv of another make?"
    throw new StoreError(store, operation, text)
  }
}

function unacknowledged(keyv: KeyvLike, operation: string): StoreError {
  const store = nameOf(keyv)
  const text = `${store}, beneath cache-manager, did not acknowledge ${operation} and gave no reason.`
  return new StoreError(store, operation, text)
}

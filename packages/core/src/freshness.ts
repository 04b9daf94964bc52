/** What may answer when an entry is past its ttl, and when it is made anew. */
export interface Windows {
  /** For how many milliseconds after its ttl an entry answers while a refresh runs. */
  readonly staleTtl: number
  /** For how many milliseconds after its ttl an entry answers where the function fails. */
  readonly staleIfError: number
  /** The share of the ttl after which a hit starts a refresh; 1 for never. */
  readonly earlyRefresh: number
  /** The share of the ttl by which entries may expire sooner. */
  readonly jitter: number
}

/**
 * What an entry is worth: `fresh` answers, `early` answers and is to be refreshed, `stale` as well but past its ttl,
 * `error-only` answers where the function fails, `miss` never.
 */
export type State = 'fresh' | 'early' | 'stale' | 'error-only' | 'miss'

/**
 * What the entry of a key made at `createdAt` is worth at `now` under the current options (R07: they decide, not those of
 * the writer). The distance counts in both directions: an entry from a clock that runs an hour ahead of ours is a miss until
 * that hour comes. Then it looks new: nothing in it tells how old it is. What is no number, and a ttl of 0, is a miss.
 */
export function stateAt(key: string, createdAt: number, ttl: number, windows: Windows, now: number): State {
  const { staleTtl, staleIfError, earlyRefresh, jitter } = windows
  const age = Math.abs(now - createdAt)
  if (!(ttl > 0)) return 'miss'
  const end = jitter > 0 ? ttl * (1 - jitter * spread(key, createdAt)) : ttl
  if (age < end) return earlyRefresh === 1 || age < end * earlyRefresh ? 'fresh' : 'early'
  if (age < end + staleTtl) return 'stale'
  return age < end + staleIfError ? 'error-only' : 'miss'
}

/** The age below which an entry is fresh whatever its key, so that nothing else need be asked. */
export function plainTtl(ttl: number, { earlyRefresh, jitter }: Windows): number {
  return ttl === Infinity ? ttl : ttl * (1 - jitter) * earlyRefresh
}

/** The clock of the machine: the one that counts where no other is given. */
export const machineClock = (): number => Date.now()

/** How long an entry may still answer in any way, from the beginning of its fill. */
export function lifetime(ttl: number, { staleTtl, staleIfError }: Windows): number {
  return ttl && ttl + Math.max(staleTtl, staleIfError)
}

/** How many milliseconds after so many failures in a row the function is not run where a stale value can answer. */
export function backOff(failures: number): number {
  return Math.min(1000 * 2 ** (failures - 1), 60_000)
}

/** A share from 0 up to, not including, 1 that is an entry's own: every reader comes to the same one. */
function spread(key: string, createdAt: number): number {
  // FNV-1a, then the end of MurmurHash3, which carries the last characters into the high bits.
  let hash = 0x811c9dc5
  const text = key + createdAt
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

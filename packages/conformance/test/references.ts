import type { AsyncStore, SetContext, StoreLocks } from '@autocache/core'
import {
  type AsyncMapStore,
  asyncMapStore,
  type Capabilities,
  type Harness,
  type MapStore,
  mapStore,
  throwingStore,
} from '../src/index.ts'

const every = { getMany: true, setMany: true, deleteMany: true, clear: true, keys: true } as const

/** What each reference store claims. */
export const claims = {
  references: {
    ...{ mode: 'sync', lifetime: 'process', holds: 'references', ...every },
    ...{ scope: true, exactKeys: true, expires: true, bounded: 64, reportsFailures: true },
  },
  text: {
    ...{ mode: 'async', lifetime: 'shared', holds: 'text', ...every },
    ...{ exactKeys: true, expires: true, survivesReopen: true, reportsFailures: true, maxEntryBytes: 4_096 },
  },
  bytes: {
    ...{ mode: 'async', lifetime: 'shared', holds: 'bytes', ...every },
    ...{ exactKeys: true, expires: true, survivesReopen: true, reportsFailures: true, copies: true },
  },
  syncText: {
    ...{ mode: 'sync', lifetime: 'shared', holds: 'text', ...every },
    ...{ scope: true, exactKeys: true, expires: true, survivesReopen: true, reportsFailures: true },
  },
  locked: {
    ...{ mode: 'async', lifetime: 'shared', holds: 'text', ...every, locks: true },
    ...{ exactKeys: true, expires: true, survivesReopen: true },
  },
  fronted: {
    ...{ mode: 'async', lifetime: 'shared', holds: 'text', getMany: true, epochs: true },
    ...{ exactKeys: true, expires: true, survivesReopen: true, reportsFailures: true },
  },
} as const satisfies Record<string, Capabilities>

type Rows = AsyncMapStore<'text'>

/** A store with memory of its own in front of a common one, as each process has it, with the epochs that are made for it. */
export const frontedHarness = (
  epochsOf: (common: Rows, front: Rows) => object | undefined = (common) => common,
): Harness => {
  const time = clock()
  const rows = new Map()
  const make = () => {
    const front = asyncMapStore({ holds: 'text', now: time.now })
    const common = asyncMapStore({ holds: 'text', rows, now: time.now })
    const get = async (key: string) => (await front.get(key)) ?? (await common.get(key))
    const epochs = epochsOf(common, front) as Rows | undefined
    return {
      ...{ lifetime: 'shared', holds: 'text', get, ...(epochs && { epochs }) },
      set: async (...args: Parameters<Rows['set']>) => {
        await Promise.all([front.set(...args), common.set(...args)])
      },
      delete: async (key: string) => (await Promise.all([front.delete(key), common.delete(key)])).includes(true),
      getMany: (keys: readonly string[]) => Promise.all(keys.map(get)),
    } satisfies AsyncStore<'text'>
  }
  const store = throwingStore(make())
  return { store: whole(store), breakIt: breaker(store), reopen: make, ...time }
}

/** A clock that stands until it is told to go on. */
export function clock() {
  let time = 1_760_000_000_000
  return {
    now: () => time,
    advance: (ms: number) => {
      time += ms
    },
  }
}

/** The reference stores and their harnesses, with room for a mutation of the store. */
export const referencesHarness = (mutate: (store: MapStore, now: () => number) => object = () => ({})): Harness => {
  const time = clock()
  const sound = mapStore({ max: 64, now: time.now })
  const store = throwingStore({ ...sound, ...mutate(sound, time.now) })
  return { store: whole(store), breakIt: breaker(store), ...time }
}

export const textHarness = (
  mutate: (store: AsyncMapStore<'text'>, now: () => number) => object = () => ({}),
): Harness => {
  const time = clock()
  const rows = new Map()
  const sound = asyncMapStore({ holds: 'text', rows, now: time.now })
  const limited = {
    ...sound,
    set: async (key: string, entry: string, context?: SetContext) => {
      if (entry.length > 4_096) throw new Error('Data too long for the column.')
      await sound.set(key, entry, context)
    },
  }
  const store = throwingStore({ ...limited, ...mutate(sound, time.now) })
  const reopen = () => asyncMapStore({ holds: 'text', rows, now: time.now })
  return { store: whole(store), breakIt: breaker(store), reopen, ...time }
}

/** A store with locks, and room for a mutation of them. */
export const lockedHarness = (mutate: (sound: StoreLocks, now: () => number) => object = () => ({})): Harness => {
  const time = clock()
  const shared = { holds: 'text', rows: new Map(), locks: new Map(), now: time.now } as const
  const make = () => {
    const sound = asyncMapStore(shared)
    return { ...sound, locks: { ...sound.locks!, ...mutate(sound.locks!, time.now) } }
  }
  return { store: make(), reopen: make, ...time }
}

export const bytesHarness = (mutate: (store: AsyncMapStore<'bytes'>) => object = () => ({})): Harness => {
  const time = clock()
  const rows = new Map()
  const sound = asyncMapStore({ holds: 'bytes', rows, now: time.now })
  const store = throwingStore({ ...sound, ...mutate(sound) })
  const reopen = () => asyncMapStore({ holds: 'bytes', rows, now: time.now })
  return { store: whole(store), breakIt: breaker(store), reopen, ...time }
}

export const syncTextHarness = (): Harness => {
  const time = clock()
  const rows = new Map()
  const store = throwingStore(mapStore({ holds: 'text', rows, now: time.now }))
  const reopen = () => mapStore({ holds: 'text', rows, now: time.now })
  return { store: whole(store), breakIt: breaker(store), reopen, ...time }
}

/** The fault is off until the harness breaks the store. */
function whole<TStore extends { readonly fault: { on: boolean } }>(store: TStore): TStore {
  store.fault.on = false
  return store
}

function breaker({ fault }: { readonly fault: { on: boolean } }) {
  return () => {
    fault.on = true
  }
}

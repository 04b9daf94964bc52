import type { Entry, SetContext, StoreLocks } from '@autocache/core'
import {
  type AsyncMapStore,
  asyncMapStore,
  type Capabilities,
  type Harness,
  keyFoldingStore,
  type MapStore,
  mapStore,
  reorderingStore,
} from '../src/index.ts'
import { bytesHarness, claims, frontedHarness, lockedHarness, referencesHarness, textHarness } from './references.ts'

/** A reference store with one fault, and the clause that catches it. */
export interface Mutant {
  /** The line of the contract it breaks. */
  readonly breaks: string
  readonly capabilities: Capabilities
  readonly make: () => Harness
  /** The name of the clause that catches it; others may too. */
  readonly caughtBy: string
}

type Set = [key: string, entry: Entry, context?: SetContext]
type SetText = [key: string, entry: string, context?: SetContext]

const ofReferences = (
  breaks: string,
  caughtBy: string,
  mutate: (store: MapStore, now: () => number) => object,
): Mutant => ({ breaks, caughtBy, capabilities: claims.references, make: () => referencesHarness(mutate) })

const ofText = (
  breaks: string,
  caughtBy: string,
  mutate: (store: AsyncMapStore<'text'>, now: () => number) => object,
): Mutant => ({ breaks, caughtBy, capabilities: claims.text, make: () => textHarness(mutate) })

const ofBytes = (breaks: string, caughtBy: string, mutate: (store: AsyncMapStore<'bytes'>) => object): Mutant => ({
  breaks,
  caughtBy,
  capabilities: claims.bytes,
  make: () => bytesHarness(mutate),
})

type Rows = AsyncMapStore<'text'>

const ofFronted = (
  breaks: string,
  caughtBy: string,
  epochsOf: (common: Rows, front: Rows) => object | undefined,
): Mutant => ({ breaks, caughtBy, capabilities: claims.fronted, make: () => frontedHarness(epochsOf) })

const ofLocked = (
  breaks: string,
  caughtBy: string,
  mutate: (sound: StoreLocks, now: () => number) => object,
): Mutant => ({ breaks, caughtBy, capabilities: claims.locked, make: () => lockedHarness(mutate) })

/** Every operation of a store over other keys. */
const folding = (fold: (key: string) => string) => (store: MapStore) => {
  const { fault: _fault, ...folded } = keyFoldingStore(store, fold)
  return folded
}

/** The mutants. Each is the smallest change that breaks its line, and most were seen in a real store. */
export const mutants: Readonly<Record<string, Mutant>> = {
  declaresAnotherForm: ofReferences('declares what it is', 'lifetime and holds are as declared', () => ({
    lifetime: 'shared',
  })),
  hasUnclaimedMethod: {
    ...ofReferences(
      'claims each of its methods',
      'the optional methods and the harness are what is claimed',
      () => ({}),
    ),
    capabilities: { ...claims.references, getMany: false },
  },
  lacksClaimedMethod: ofText(
    'has each method it claims',
    'the optional methods and the harness are what is claimed',
    () => ({ deleteMany: undefined }),
  ),
  returnsPromiseFromSync: ofReferences(
    'a synchronous store answers at once',
    'a synchronous store never answers with a promise',
    (store) => ({ delete: async (key: string) => store.delete(key) }),
  ),
  answersAtOnceFromAsync: ofText(
    'an asynchronous store answers with promises',
    'an asynchronous store always answers with a promise',
    (store) => {
      const absent = new Set<string>(['shape'])
      return { get: (key: string) => (absent.has(key) ? undefined : store.get(key)) }
    },
  ),

  returnsNullForAbsent: ofText('absent is undefined', 'an absent key is undefined', (store) => ({
    get: async (key: string) => (await store.get(key)) ?? null,
  })),
  returnsTheLastEntry: ofReferences('returns what was set under this key', 'what was set is returned', (store) => {
    let last: Entry | undefined
    return {
      set: (...[key, entry, context]: Set) => {
        last = entry
        store.set(key, entry, context)
      },
      get: (key: string) => store.get(key) && last,
    }
  }),
  clonesReferences: ofReferences('hands over the very object', 'a reference is the same object', (store) => ({
    get: (key: string) => {
      const entry = store.get(key)
      return entry && { ...entry }
    },
  })),
  latin1Text: ofText('text is kept exactly', 'text is kept to the last code unit', (store) => ({
    get: async (key: string) => {
      const held = await store.get(key)
      return held && Buffer.from(held, 'latin1').toString('latin1')
    },
  })),
  parsesText: ofText('text is kept exactly', 'text is kept to the last code unit', (store) => ({
    set: (...[key, entry, context]: SetText) => store.set(key, entry.startsWith(':') ? entry.slice(1) : entry, context),
  })),
  storesWholeBuffer: ofBytes('bytes are kept exactly', 'bytes are kept to the last bit', (store) => ({
    set: (key: string, entry: Uint8Array) => store.set(key, new Uint8Array(entry.buffer)),
  })),
  aliasesBytes: ofBytes(
    "a buffer stays its owner's",
    'changing a buffer after set does not reach the entry',
    (store) => {
      const handed = new Map<string, Uint8Array>()
      return {
        set: (key: string, entry: Uint8Array, context?: SetContext) => {
          handed.set(key, entry)
          return store.set(key, entry, context)
        },
        get: async (key: string) => ((await store.get(key)) === undefined ? undefined : handed.get(key)),
      }
    },
  ),
  sharesReadBytes: ofBytes(
    'readers get bytes of their own',
    'changing what get returned does not reach the entry',
    (store) => {
      const read = new Map<string, Uint8Array | undefined>()
      return {
        get: async (key: string) => {
          if (!read.get(key)) read.set(key, await store.get(key))
          return read.get(key)
        },
      }
    },
  ),
  cutsLargeEntries: ofText('entries are kept whole', 'a large entry is kept whole or refused, never cut', (store) => ({
    set: (...[key, entry, context]: SetText) => store.set(key, entry.slice(0, 4_096), context),
  })),
  keepsFirstWrite: ofReferences('set overwrites', 'set overwrites and the last write wins', (store) => ({
    set: (...[key, entry, context]: Set) => {
      if (store.get(key) === undefined) store.set(key, entry, context)
    },
  })),
  mutatesEntry: ofReferences('changes nothing it was handed', 'a store changes nothing it was handed', (store) => ({
    set: (...[key, entry, context]: Set) => {
      if (context?.expiresAt !== undefined) Object.assign(entry, { expiresAt: context.expiresAt })
      store.set(key, entry, context)
    },
  })),
  storesTagsInEntry: ofText(
    'context is not part of the entry',
    'tags and setOptions do not change the entry',
    (store) => ({
      set: (...[key, entry, context]: SetText) =>
        store.set(key, context?.tags?.length ? `${context.tags}\n${entry}` : entry, context),
    }),
  ),

  ignoresDelete: ofText('delete removes', 'delete removes the entry and says that there was one', (store) => ({
    delete: async (key: string) => (await store.get(key)) !== undefined,
  })),
  deleteAlwaysTrue: ofText('delete says whether there was one', 'delete of an absent key is false', (store) => ({
    delete: async (key: string) => {
      await store.delete(key)
      return true
    },
  })),
  acknowledgesEarly: ofText(
    'set resolves when it is done',
    'an acknowledged write is visible to the next read',
    (store) => {
      const { fault: _fault, ...reordering } = reorderingStore(store, { reorders: 'writes', window: 2 })
      return reordering
    },
  ),
  losesConcurrentWrites: ofText(
    'operations on different keys are independent',
    'concurrent operations on different keys do not disturb each other',
    (store) => {
      let file = new Map<string, string>()
      return {
        set: async (...[key, entry, context]: SetText) => {
          const read = new Map(file)
          await store.set(key, entry, context)
          file = read.set(key, entry)
        },
        get: async (key: string) => (file.has(key) ? store.get(key) : undefined),
      }
    },
  ),
  deletesByPrefix: ofReferences(
    'operations on different keys are independent',
    'random sequences of operations agree with a Map',
    (store) => ({
      delete: (key: string) => {
        const had = store.get(key) !== undefined
        if (had) store.clear(key)
        return had
      },
    }),
  ),

  foldsCase: ofReferences(
    'keys are exact',
    'keys that look alike are different keys',
    folding((key) => key.toLowerCase()),
  ),
  trimsKeys: ofReferences(
    'keys are exact',
    'keys that look alike are different keys',
    folding((key) => key.trim()),
  ),
  truncatesKeys: ofReferences(
    'keys are exact',
    'long keys that differ only in the last byte are different keys',
    folding((key) => key.slice(0, 249)),
  ),
  resolvesPaths: ofReferences(
    'keys are exact',
    'keys that mean something to a storage are only keys',
    folding((key) => (key.includes('/') ? new URL(key, 'file:///').pathname : key)),
  ),
  mixesFoldedEntries: {
    ...ofText(
      'a folded key answers with a whole entry',
      'a key that a storage folds answers with one whole entry or none',
      (store) => ({
        set: async (...[key, entry, context]: SetText) => {
          const folded = key.toLowerCase()
          const older = await store.get(folded)
          await store.set(folded, key === folded ? entry : `${older ?? ''}${entry}`, context)
        },
        get: (key: string) => store.get(key.toLowerCase()),
      }),
    ),
    capabilities: { ...claims.text, exactKeys: false },
  },
  inheritsFromObject: ofReferences(
    'absent is undefined, whatever the name',
    'the names every object has are absent until they are set',
    (store) => ({ get: (key: string) => store.get(key) ?? ({} as Record<string, unknown>)[key] }),
  ),

  dropsEarly: ofText('expiresAt is in milliseconds', 'an entry is there until it expires', (store, now) => ({
    set: (...[key, entry, context]: SetText) => {
      const { expiresAt } = context ?? {}
      const early = expiresAt === undefined ? undefined : now() + (expiresAt - now()) / 1_000
      return store.set(key, entry, { expiresAt: early })
    },
  })),
  roundsDownToSeconds: ofText('never dropped early', 'an entry is there until it expires', (store) => ({
    set: (...[key, entry, context]: SetText) => {
      const { expiresAt } = context ?? {}
      return store.set(key, entry, { expiresAt: expiresAt && Math.floor(expiresAt / 1_000) * 1_000 })
    },
  })),
  expiresByDefault: ofText('without expiresAt an entry stays', 'an entry without expiresAt stays', (store, now) => ({
    set: (...[key, entry, context]: SetText) => store.set(key, entry, { expiresAt: now() + 500, ...context }),
  })),
  neverExpires: ofText('gone after expiresAt, where claimed', 'an entry is gone after it expires', (store) => ({
    set: (...[key, entry]: SetText) => store.set(key, entry),
  })),
  zeroTtlForever: ofText(
    'an instant in the past is not "for ever"',
    'an entry whose time has run out, or almost, is not kept for ever',
    (store, now) => ({
      set: (...[key, entry, context]: SetText) => {
        const ttl = Math.floor((context?.expiresAt ?? 0) - now())
        return store.set(key, entry, ttl > 0 ? context : undefined)
      },
    }),
  ),
  skipsExpiredWrites: ofText(
    'an expired write still replaces',
    'an entry whose time has run out, or almost, is not kept for ever',
    (store, now) => ({
      set: async (...[key, entry, context]: SetText) => {
        if ((context?.expiresAt ?? Number.POSITIVE_INFINITY) > now()) await store.set(key, entry, context)
      },
    }),
  ),
  keepsOldExpiry: ofText('a set brings its own expiry', 'a set replaces the expiry of the one before', (store) => {
    const first = new Map<string, number | undefined>()
    return {
      set: (...[key, entry, context]: SetText) => {
        const expiresAt = first.get(key) ?? context?.expiresAt
        first.set(key, expiresAt)
        return store.set(key, entry, { expiresAt })
      },
    }
  }),

  getManyReorders: ofText('getMany keeps the order', 'getMany answers each key in its place', (store) => ({
    getMany: (keys: readonly string[]) => store.getMany([...keys].sort()),
  })),
  getManyDropsAbsent: ofText('getMany answers for absent keys', 'getMany answers each key in its place', (store) => ({
    getMany: async (keys: readonly string[]) => (await store.getMany(keys)).filter((held) => held !== undefined),
  })),
  getManyMergesDuplicates: ofText('getMany answers for each key', 'getMany answers each key in its place', (store) => ({
    getMany: (keys: readonly string[]) => store.getMany([...new Set(keys)]),
  })),
  setManySharesContext: ofText(
    'each entry has its context',
    'setMany sets each entry with its own context',
    (store) => ({
      setMany: async (entries: readonly { key: string; entry: string; context?: SetContext }[]) =>
        store.setMany(entries.map((item) => ({ ...item, context: entries[0]?.context ?? {} }))),
    }),
  ),
  deleteManyNoneIsAll: ofText('deleteMany([]) removes nothing', 'deleteMany removes exactly those keys', (store) => ({
    deleteMany: (keys: readonly string[]) => (keys.length === 0 ? store.clear() : store.deleteMany(keys)),
  })),
  clearKeepsEntries: ofText('clear() removes all', 'clear removes every entry', (store) => ({
    clear: async (prefix?: string) => {
      if (prefix) await store.clear(prefix)
    },
  })),
  clearIgnoresPrefix: ofText(
    'clear(prefix) removes what is below it',
    'clear(prefix) removes exactly the keys that begin with it',
    (store) => ({ clear: () => store.clear() }),
  ),
  clearTakesPatterns: ofText(
    'a prefix is no pattern',
    'clear(prefix) removes exactly the keys that begin with it',
    (store) => ({
      clear: async (prefix = '') => {
        const like = new RegExp(`^${prefix.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&').replace(/_/g, '.')}`)
        for await (const key of store.keys('')) if (like.test(key)) await store.delete(key)
      },
    }),
  ),
  keysStripsPrefix: ofText(
    'keys lists whole keys',
    'keys(prefix) lists exactly the keys that begin with it',
    (store) => ({
      async *keys(prefix: string) {
        for await (const key of store.keys(prefix)) yield key.slice(prefix.length)
      },
    }),
  ),

  scopeLeaks: scopeMutant('a scope ends at its prefix', 'a scope does not see its siblings', (store) => () => store),
  scopeStandsApart: scopeMutant('a scope is part of the store', 'a scope is the store below its prefix', () => {
    const scopes = new Map<string, MapStore>()
    return (prefix) => scopes.get(prefix) ?? (scopes.set(prefix, mapStore()).get(prefix) as MapStore)
  }),
  scopeEscapesPrefix: scopeMutant(
    'prefix and rest are one key',
    'a key is the same key however scopes divide it',
    (store) => (prefix) => {
      const full = (key: string) => (prefix.endsWith(':') ? `${prefix}${key}` : `${prefix}/${key}`)
      return {
        get: (key) => store.get(full(key)),
        set: (key, entry, context) => store.set(full(key), entry, context),
        delete: (key) => store.delete(full(key)),
      }
    },
  ),

  swallowsFailures: {
    ...ofText('a failure is no miss', 'a broken store throws or rejects', () => ({})),
    make: () => {
      const sound = textHarness()
      const store = sound.store as AsyncMapStore<'text'>
      const get = (key: string) => store.get(key).catch(() => undefined)
      return { ...sound, store: { ...store, get } }
    },
  },
  forgetsOnReopen: {
    ...ofText('the storage outlives the handle', 'entries are there for a second handle on the storage', () => ({})),
    make: () => ({ ...textHarness(), reopen: () => asyncMapStore({ holds: 'text' }) }),
  },
  hasUnclaimedEpochs: {
    ...ofFronted('claims its epochs', 'the optional methods and the harness are what is claimed', (common) => common),
    capabilities: { ...claims.fronted, epochs: false },
  },
  lacksClaimedEpochs: ofFronted(
    'has the epochs it claims',
    'the optional methods and the harness are what is claimed',
    () => undefined,
  ),
  epochsReorder: ofFronted(
    'rows come in the order that is asked for',
    'a row of epochs is there in its place until it is replaced',
    (common) => ({ ...common, getMany: (keys: readonly string[]) => common.getMany([...keys].sort()) }),
  ),
  epochsKeepFirstRow: ofFronted(
    'a row is replaced',
    'a row of epochs is there in its place until it is replaced',
    (common) => ({
      ...common,
      set: async (...[key, row, context]: SetText) => {
        if ((await common.get(key)) === undefined) await common.set(key, row, context)
      },
    }),
  ),
  epochsAnswerFromFront: ofFronted(
    'rows are read where all write them',
    'a row of epochs that another handle acknowledged is what is read next',
    (common, front) => ({
      get: async (key: string) => (await front.get(key)) ?? common.get(key),
      set: async (...args: SetText) => {
        await Promise.all([front.set(...args), common.set(...args)])
      },
    }),
  ),
  epochsBatchFromFront: ofFronted(
    'rows are read where all write them, also many at a time',
    'a row of epochs that another handle acknowledged is what is read next',
    (common) => {
      const read = new Map<string, string>()
      return {
        ...common,
        set: (...[key, row, context]: SetText) => common.set(key, row, context).then(() => void read.set(key, row)),
        getMany: async (keys: readonly string[]) => {
          const rows = await common.getMany(keys)
          return rows.map((row, at) => read.get(keys[at]!) ?? row)
        },
      }
    },
  ),
  epochsRememberAbsence: ofFronted(
    'that there is no row is asked each time',
    'a row of epochs that another handle acknowledged is what is read next',
    (common) => {
      const none = new Set<string>()
      return {
        ...common,
        get: async (key: string) => {
          const row = none.has(key) ? undefined : await common.get(key)
          if (row === undefined) none.add(key)
          return row
        },
        set: (...[key, row, context]: SetText) => {
          none.delete(key)
          return common.set(key, row, context)
        },
      }
    },
  ),
  epochsAnswerAtOnce: ofFronted(
    'epochs answer as the store does',
    'an asynchronous store always answers with a promise',
    (common) => {
      const rows = new Map<string, string>()
      return { get: (key: string) => rows.get(key), set: common.set }
    },
  ),
  epochsSwallowFailures: {
    ...ofFronted('a failure is no missing row', 'a broken store throws or rejects', () => undefined),
    make: () => {
      const { store, ...rest } = frontedHarness()
      const epochs = store.epochs as AsyncMapStore<'text'>
      const get = (key: string) => epochs.get(key).catch(() => undefined)
      return { ...rest, store: { ...(store as AsyncMapStore<'text'>), epochs: { ...epochs, get } } }
    },
  },
  locksForEveryone: ofLocked(
    'a lock is of one',
    "a lock is one holder's until it is given back or its lease ends",
    () => ({ acquire: async () => undefined }),
  ),
  locksReleaseForOthers: ofLocked(
    'only who has a lock gives it back',
    "a lock is one holder's until it is given back or its lease ends",
    (sound) => ({
      release: async (key: string, note: string) => {
        const held = await sound.acquire(key, note, 1)
        await sound.release(key, held ?? note)
      },
    }),
  ),
  locksForEver: ofLocked(
    'a lease ends',
    "a lock is one holder's until it is given back or its lease ends",
    (sound) => ({
      acquire: (key: string, note: string, lease: number, instead?: string) =>
        sound.acquire(key, note, lease + 3_600_000, instead),
    }),
  ),
  locksForgetRenewal: ofLocked(
    'a renewal begins the lease anew',
    'a lock lives on where it is renewed, and is taken over only by who knows its note',
    (sound) => ({ renew: async (key: string, note: string) => (await sound.acquire(key, note, 0, '')) === note }),
  ),
  locksTakenOverBlindly: ofLocked(
    'only who names the note takes a lock over',
    'a lock lives on where it is renewed, and is taken over only by who knows its note',
    (sound) => ({
      acquire: async (key: string, note: string, lease: number, instead?: string) => {
        const held = await sound.acquire(key, note, lease, instead)
        return held === undefined || instead === undefined ? held : sound.acquire(key, note, lease, held)
      },
    }),
  ),
  ignoresBound: {
    ...ofReferences('keeps at most its maximum', 'a bounded store keeps at most its maximum', () => ({})),
    make: () => ({ ...referencesHarness(), store: mapStore() }),
  },
}

function scopeMutant(breaks: string, caughtBy: string, scope: (store: MapStore) => MapStore['scope']): Mutant {
  return {
    breaks,
    caughtBy,
    capabilities: claims.references,
    // Outside the throwing store, which would make scopes of its own.
    make: () => {
      const sound = referencesHarness()
      return { ...sound, store: { ...(sound.store as MapStore), scope: scope(sound.store as MapStore) } }
    },
  }
}

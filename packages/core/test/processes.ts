/**
 * Several processes over one storage, in one: each has a store object of its own, and with it all that core remembers of
 * a store, and every operation reaches the storage, and is answered, when the test says so.
 */
import type { AsyncStore, StoreLocks } from '../src/index.ts'
import { deferred } from './call-support.ts'

/** One operation on its way. */
export interface Sent {
  readonly kind: 'get' | 'set' | 'delete' | 'lock'
  readonly key: string
  /** The store that it came from. */
  readonly from: object
  /** Whether whoever sent it was told. */
  readonly told: boolean
  /** The storage does it; nobody is told yet. */
  land(): void
  /** Whoever sent it is told; the storage does it first where that is still due. */
  answer(): void
  /** Whoever sent it is told that it failed; what was sent may land all the same, later. */
  fail(): void
}

/** A storage that others use as well. */
export interface Storage {
  readonly rows: Map<string, string>
  /** What has not landed, or not been told, in order. */
  readonly sent: Sent[]
  /** Whether operations are done at once. */
  prompt: boolean
  /** Another connection to it, as another process has one. */
  connect(): AsyncStore<'text'>
  /** Lets everything land and be told, in order; of one store alone where that is given. */
  flush(from?: object): void
}

/** A storage whose operations land in any order; with locks, whose operations do as well, where that is asked for. */
export function storage(locked = false): Storage {
  const rows = new Map<string, string>()
  const sent: Sent[] = []
  const locks = new Map<string, string>()
  const watchers = new Map<string, Set<() => void>>()

  /** Locks without an end to their lease: whoever waits for one that died runs the function in the end. */
  const locksFor = (from: object): StoreLocks => {
    const change = (key: string) => watchers.get(key)?.forEach((wake) => void wake())
    return {
      acquire: (key, note, _lease, instead) =>
        send(from, 'lock', key, () => {
          const held = locks.get(key)
          if (held !== undefined && held !== instead) return held
          locks.set(key, note)
          change(key)
          return undefined
        }),
      renew: (key, note) => send(from, 'lock', key, () => locks.get(key) === note),
      release: (key, note) =>
        send(from, 'lock', key, () => {
          if (locks.get(key) !== note) return
          locks.delete(key)
          change(key)
        }),
      watch(key, wake) {
        const own = watchers.get(key) ?? new Set()
        watchers.set(key, own.add(wake))
        return () => void own.delete(wake)
      },
    }
  }

  function send<T>(from: object, kind: Sent['kind'], key: string, work: () => T): Promise<T> {
    if (own.prompt) return Promise.resolve().then(work)
    const { promise, resolve, reject } = deferred<T>()
    let landed: { value: T } | undefined
    let told = false
    const leave = () => {
      if (landed && told && sent.includes(one)) sent.splice(sent.indexOf(one), 1)
    }
    const one: Sent = {
      kind,
      key,
      from,
      get told() {
        return told
      },
      land() {
        landed ??= { value: work() }
        leave()
      },
      answer() {
        one.land()
        if (!told) resolve(landed!.value)
        told = true
        leave()
      },
      fail() {
        if (!told) reject(new Error('The connection was lost.'))
        told = true
        // A read that nobody waits for is nothing.
        if (kind === 'get') one.land()
        leave()
      },
    }
    sent.push(one)
    return promise
  }

  const own: Storage = {
    rows,
    sent,
    prompt: false,
    connect() {
      const get = (key: string) => send(store, 'get', key, () => rows.get(key))
      const store: AsyncStore<'text'> = {
        lifetime: 'shared',
        holds: 'text',
        get,
        // Not one instant for all of them.
        getMany: (keys) => Promise.all(keys.map(get)),
        set: (key, entry) => send(store, 'set', key, () => void rows.set(key, entry)),
        delete: (key) => send(store, 'delete', key, () => rows.delete(key)),
      }
      return locked ? Object.assign(store, { locks: locksFor(store) }) : store
    },
    flush(from) {
      for (const one of [...sent]) if (!from || one.from === from) one.answer()
    },
  }
  return own
}

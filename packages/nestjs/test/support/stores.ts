import { memoryStore, type Store } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import { Keyv } from 'keyv'

/** A store that outlives the process as far as core knows, and can be told to fail. */
export function sharedStore(): Store & { broken: boolean; readonly rows: Map<string, unknown> } {
  const rows = new Map<string, unknown>()
  const store = keyvStore(new Keyv({ store: rows }), { lifetime: 'shared' })
  const faulty = async <T>(run: () => Promise<T>): Promise<T> => {
    if (held.broken) throw new Error('The connection is closed.')
    return run()
  }
  const held = {
    ...store,
    broken: false,
    rows,
    lifetime: 'shared' as const,
    holds: 'text' as const,
    get: (key: string) => faulty(() => store.get(key)),
    set: (key: string, entry: string, context: never) => faulty(() => store.set(key, entry, context)),
    delete: (key: string) => faulty(() => store.delete(key)),
  }
  return held as never
}

export const inMemory = () => ({ store: memoryStore() })

import { asyncMapStore, type LockTable, type Rows } from '@autocache/conformance'
import { type AsyncStore, createAutocache, type FunctionOptions, type StoreLocks } from '../src/index.ts'
import { type Deferred, deferred } from './call-support.ts'

/** A storage that several processes use, and the functions of each, which run until they are told. */
export function world(options: FunctionOptions = {}, change: (locks: StoreLocks) => Partial<StoreLocks> = () => ({})) {
  const rows: Rows<'text'> = new Map()
  const table: LockTable = new Map()
  const running: Deferred<unknown>[] = []
  const runs: string[] = []
  /** What the data is now, if not the usual. */
  const data = { now: '' }
  const start = (name: string) => {
    const plain = asyncMapStore({ holds: 'text', rows, locks: table })
    const store: AsyncStore<'text'> = { ...plain, locks: { ...plain.locks!, ...change(plain.locks!) } }
    const cache = createAutocache({ store, namespace: 'world', version: '1', ttl: '1h', ...(options as object) })
    const load = cache.cached(
      async (id: number) => {
        runs.push(name)
        const gate = deferred<unknown>()
        const { now } = data
        running.push(gate)
        await gate.promise
        return `${id} by ${name}${now}`
      },
      { name: 'load', tags: ['t'] },
    )
    return { cache, load, store }
  }
  return { start, rows, table, running, runs, data }
}

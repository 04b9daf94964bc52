/**
 * Writes over one connection of SQLite.
 *
 * `@keyv/sqlite` runs all its statements on one connection, beside each other. Those that write at a time are one transaction
 * there, which is committed with the last of them; where that fails, because the file is locked, SQLite takes back the others
 * too, which have been told by then that they were done. An invalidation would be lost without a word.
 *
 * The rule: writes go out in batches, one batch at a time. None is acknowledged before all of its batch are done, and
 * where one of them failed none is. So they are still committed together, which is what makes them quick.
 */
import { membersOf } from './keyv-like.ts'

interface Waiting {
  run(): unknown
  settle(failed: { readonly error: unknown } | undefined): void
}

/** By storage adapter: what is to be written when the batch that is under way is done. */
const batches = new WeakMap<object, { under: boolean; next: Waiting[] }>()

/** Whether an adapter keeps its entries in SQLite, as far as it says so. */
export function isSqlite(adapter: object): boolean {
  return membersOf(membersOf(adapter)?.opts)?.dialect === 'sqlite'
}

/** Writes with those that are written at the same time. */
export function together(adapter: object, write: () => unknown): Promise<unknown> {
  let batch = batches.get(adapter)
  if (!batch) batches.set(adapter, (batch = { under: false, next: [] }))
  const own = batch
  return new Promise((resolve, reject) => {
    let answer: unknown
    own.next.push({
      async run() {
        answer = await write()
      },
      settle: (failed) => (failed ? reject(failed.error) : resolve(answer)),
    })
    if (!own.under) void runAll(own)
  })
}

async function runAll(batch: { under: boolean; next: Waiting[] }): Promise<void> {
  batch.under = true
  // Those of this turn go together from the beginning.
  await null
  while (batch.next.length > 0) {
    const all = batch.next
    batch.next = []
    const ended = await Promise.allSettled(all.map((one) => one.run()))
    const first = ended.find((one) => one.status === 'rejected')
    for (const [at, one] of all.entries()) {
      const own = ended[at]!
      if (own.status === 'rejected') one.settle({ error: own.reason })
      else if (first) one.settle({ error: new Error(besides, { cause: first.reason }) })
      else one.settle(undefined)
    }
  }
  batch.under = false
}

const besides =
  'A write beside this one failed, its own error is the cause. They were one transaction, so this one may be undone as well.'

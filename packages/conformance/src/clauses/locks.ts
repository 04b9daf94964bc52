import type { Store, StoreLocks } from '@autocache/core'
import type { ClauseDefinition } from '../clause.ts'
import { hook } from './storage.ts'

/** The locks by which one process of many runs a function. */
export const lockClauses: readonly ClauseDefinition[] = [
  {
    name: "a lock is one holder's until it is given back or its lease ends",
    rule: 'L5',
    asserts: ['locks'],
    async run({ raw, harness, check, advance }) {
      const [mine, theirs] = [locksOf(raw), locksOf(await hook(harness.reopen, 'reopen', 'locks').call(harness))]
      check.equal(await mine.acquire('a', 'one', 10_000), undefined, 'acquire of a free lock')
      check.equal(await theirs.acquire('a', 'two', 10_000), 'one', 'acquire of a lock that another has')
      check.equal(await mine.acquire('a', 'three', 10_000), 'one', 'acquire of a lock that oneself has')
      check.equal(await theirs.acquire('b', 'two', 10_000), undefined, 'acquire of another lock')
      await theirs.release('a', 'two')
      check.equal(await theirs.acquire('a', 'two', 10_000), 'one', 'acquire after a release by somebody else')
      await mine.release('a', 'one')
      check.equal(await theirs.acquire('a', 'two', 10_000), undefined, 'acquire after its release')
      const all = await Promise.all(
        ['x', 'y', 'z'].map((note, at) => (at === 1 ? theirs : mine).acquire('c', note, 10_000)),
      )
      check.equal(all.filter((holder) => holder === undefined).length, 1, 'how many of three get one lock')
      check.equal(await mine.acquire('short', 'one', 200), undefined, 'acquire for 200 ms')
      await advance(400)
      check.equal(await theirs.acquire('short', 'two', 10_000), undefined, 'acquire after the lease has ended')
      check.equal(await mine.renew('short', 'one', 10_000), false, "renew of a lock that is another's now")
      await mine.release('short', 'one')
      check.equal(await mine.acquire('short', 'three', 10_000), 'two', 'acquire after a release by who had it before')
    },
  },
  {
    name: 'a lock lives on where it is renewed, and is taken over only by who knows its note',
    rule: 'L5',
    asserts: ['locks'],
    async run({ raw, harness, check, advance }) {
      const [mine, theirs] = [locksOf(raw), locksOf(await hook(harness.reopen, 'reopen', 'locks').call(harness))]
      await mine.acquire('a', 'one', 500)
      check.equal(await mine.renew('a', 'one', 10_000), true, 'renew of a lock that one has')
      await advance(700)
      check.equal(await theirs.acquire('a', 'two', 10_000), 'one', 'acquire after the first lease, which was renewed')
      check.equal(
        await theirs.acquire('a', 'two', 10_000, 'other'),
        'one',
        'acquire in place of a note that does not stand',
      )
      check.equal(
        await theirs.acquire('a', 'two', 10_000, 'one'),
        undefined,
        'acquire in place of the note that stands',
      )
      check.equal(await mine.renew('a', 'one', 10_000), false, 'renew of a lock that was taken over')
      check.equal(await mine.acquire('a', 'three', 10_000), 'two', 'acquire of a lock that was taken over')
      check.equal(await mine.renew('none', 'one', 10_000), false, 'renew of a lock that nobody has')
      check.equal(
        await mine.acquire('none', 'one', 10_000, 'gone'),
        undefined,
        'acquire of a free lock in place of a note',
      )
      if (!mine.watch || !theirs.watch) return
      let woken = 0
      const unwatch = mine.watch('a', () => (woken += 1))
      await theirs.release('a', 'two')
      for (let waited = 0; woken === 0 && waited < 5000; waited += 50) await advance(50)
      check.equal(woken > 0, true, 'who watches a lock hears of its release')
      unwatch()
    },
  },
]

function locksOf({ locks }: Store): StoreLocks {
  if (!locks) throw new Error("The capability 'locks' is claimed, but the store has none.")
  return locks
}

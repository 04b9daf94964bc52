import type { EpochRows, Held, Store } from '@autocache/core'
import type { ClauseDefinition } from '../clause.ts'
import { hook } from './storage.ts'

/** Where the rows stand that say what was invalidated, in a store that answers from something in front of them. */
export const epochsClauses: readonly ClauseDefinition[] = [
  {
    name: 'a row of epochs is there in its place until it is replaced',
    rule: 'contract',
    asserts: ['epochs'],
    async run({ raw, entry, check, now, advance }) {
      const rows = rowsOf(raw)
      check.absent(await rows.get('none'), 'a row that was never set')
      const [a, b, replaced] = [entry('a'), entry('b'), entry('b', 'what replaces b')]
      await rows.set('a', a)
      await rows.set('b', b, { expiresAt: now() + 60_000 })
      check.held(await rows.get('b'), b, "epochs.get('b')")
      await rows.set('b', replaced, { expiresAt: now() + 60_000 })
      check.held(await rows.get('b'), replaced, "epochs.get('b') after it was replaced")
      await advance(300)
      const asked = ['b', 'none', 'a', 'b']
      const got = await rows.getMany(asked)
      check.equal(got.length, asked.length, `the length of epochs.getMany(${asked})`)
      for (const [at, expected] of [replaced, undefined, a, replaced].entries()) {
        const what = `epochs.getMany(${asked})[${at}]`
        if (expected === undefined) check.absent(got[at], what)
        else check.held(got[at], expected, what)
      }
    },
  },
  {
    name: 'a row of epochs that another handle acknowledged is what is read next',
    rule: 'R18',
    asserts: ['epochs'],
    async run({ raw, harness, entry, check }) {
      const other = rowsOf(await hook(harness.reopen, 'reopen', 'epochs').call(harness))
      const rows = rowsOf(raw)
      const answers = async (expected: Held | undefined, when: string) => {
        for (const [what, held] of [
          ["epochs.get('row')", await rows.get('row')],
          ["epochs.getMany(['row', 'none'])[0]", (await rows.getMany(['row', 'none']))[0]],
        ] as const) {
          if (expected === undefined) check.absent(held, `${what} ${when}`)
          else check.held(held, expected, `${what} ${when}`)
        }
      }
      // That there was none is not remembered either.
      await answers(undefined, 'before it was set')
      for (const round of ['first', 'second', 'third']) {
        const [own, theirs] = [entry('row', `our ${round} row`), entry('row', `their ${round} row`)]
        await other.set('row', theirs)
        await answers(theirs, `after the ${round} time that another handle set it`)
        await rows.set('row', own)
        await answers(own, 'after this handle set it')
        check.held(await other.get('row'), own, "epochs.get('row') of the other handle")
      }
    },
  },
]

/** The rows of a store, each operation awaited; several are read one by one where they cannot be read together. */
function rowsOf({ epochs }: Store) {
  if (!epochs) throw new Error("The capability 'epochs' is claimed, but the store has none.")
  const rows: EpochRows = epochs
  return {
    get: async (key: string) => rows.get(key),
    set: async (...args: Parameters<EpochRows['set']>) => rows.set(...args),
    getMany: async (keys: readonly string[]) =>
      rows.getMany ? rows.getMany(keys) : Promise.all(keys.map((key) => rows.get(key))),
  }
}

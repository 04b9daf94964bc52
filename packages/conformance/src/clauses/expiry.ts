import type { ClauseDefinition } from '../clause.ts'
import type { Probe } from '../probe.ts'

/** How long after `expiresAt` an entry may still be there, for storages that count in seconds or sweep now and then. */
const slack = 2_000

/** `expiresAt` is an instant: never earlier, and soon after where that is claimed. */
export const expiryClauses: readonly ClauseDefinition[] = [
  {
    name: 'an entry is there until it expires',
    rule: 'contract',
    async run(probe) {
      // A longer time at each try, because a slow machine may not get round to reading in time.
      for (const ttl of [400, 1_600, 6_400]) if (await stays(probe, ttl)) return
      throw new Error('The store took longer to answer than the time the entry was given; nothing was shown.')
    },
  },
  {
    name: 'an entry without expiresAt stays',
    rule: 'contract',
    async run({ store, entry, check, advance }) {
      const held = entry('stays')
      await store.set('stays', held)
      await store.set('empty-context', held, {})
      await advance(1_000)
      check.held(await store.get('stays'), held, 'set without a context, a second later')
      check.held(await store.get('empty-context'), held, 'set with an empty context, a second later')
    },
  },
  {
    name: 'an entry is gone after it expires',
    rule: 'contract',
    asserts: ['expires'],
    async run(probe) {
      const { store, entry, now, advance } = probe
      await store.set('short', entry('short'), { expiresAt: now() + 200 })
      await store.set('longer', entry('longer'), { expiresAt: now() + 300 })
      await advance(300)
      await expectGone(probe, ['short', 'longer'])
    },
  },
  {
    name: 'an entry whose time has run out, or almost, is not kept for ever',
    rule: 'L6',
    asserts: ['expires'],
    async run(probe) {
      const { store, entry, check, now } = probe
      const old = entry('replaced', 'the older entry')
      const dead = entry('replaced', 'the newer entry')
      await store.set('replaced', old)
      await store.set('replaced', dead, { expiresAt: now() - 1 })
      const got = await store.get('replaced')
      // Gone, or the newer one in its last moment. What is no entry is neither: it would be told of as a damaged one.
      if (got !== undefined) check.held(got, dead, 'what an expired write replaced')

      const instants = { past: now() - 60_000, exact: now(), fraction: now() + 0.4, next: now() + 1 }
      for (const [key, expiresAt] of Object.entries(instants)) await store.set(key, entry(key), { expiresAt })
      await expectGone(probe, ['replaced', ...Object.keys(instants)])
    },
  },
  {
    name: 'a set replaces the expiry of the one before',
    rule: 'contract',
    asserts: ['expires'],
    async run(probe) {
      const { store, entry, check, now, advance } = probe
      const kept = entry('kept', 'the second')
      await store.set('kept', entry('kept'), { expiresAt: now() + 200 })
      await store.set('kept', kept)
      await store.set('dropped', entry('dropped'))
      await store.set('dropped', entry('dropped', 'the second'), { expiresAt: now() + 200 })
      await advance(200)
      await expectGone(probe, ['dropped'])
      check.held(await store.get('kept'), kept, 'set without expiresAt over an entry that had one')
    },
  },
]

/** Whether it was shown that an entry stays for its time: false where the clock overtook the reads. */
async function stays({ store, entry, check, now, advance }: Probe, ttl: number): Promise<boolean> {
  const key = `until${ttl}`
  const held = entry(key)
  const expiresAt = now() + ttl
  await store.set(key, held, { expiresAt })
  for (const wait of [0, ttl / 2, ttl / 4]) {
    await advance(wait)
    const got = await store.get(key)
    if (now() >= expiresAt) return false
    check.held(got, held, `${Math.round(expiresAt - now())} ms before its time`)
  }
  return true
}

/** Every key is absent within the slack. */
export async function expectGone({ store, check, now, advance }: Probe, keys: readonly string[]): Promise<void> {
  const deadline = now() + slack
  for (const key of keys) {
    while ((await store.get(key)) !== undefined && now() < deadline) await advance(50)
    check.absent(await store.get(key), `get('${key}') ${slack} ms after it expired`)
  }
}

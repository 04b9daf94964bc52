import type { Store, SyncStore } from '@autocache/core'
import type { Capabilities } from '../capabilities.ts'
import type { ClauseDefinition } from '../clause.ts'
import { awaited } from '../probe.ts'

/** What lies beneath: failures, a second handle, a bound. */
export const storageClauses: readonly ClauseDefinition[] = [
  {
    name: 'a broken store throws or rejects',
    rule: 'L6',
    asserts: ['reportsFailures'],
    async run({ raw, entry, check, harness, capabilities }) {
      await raw.set('before', entry('before'))
      await hook(harness.breakIt, 'breakIt', 'reportsFailures').call(harness)
      const operations = failingOperations(raw, entry('x'), capabilities)
      for (const [operation, run] of Object.entries(operations)) {
        await check.fails(run, `${operation} of a broken store`)
      }
      if (capabilities.mode === 'sync') return
      for (const run of [() => raw.get('before'), () => raw.set('x', entry('x')), () => raw.delete('before')]) {
        check.equal(throwsAtOnce(run), false, 'an asynchronous store throws before it answers with a promise')
      }
    },
  },
  {
    name: 'entries are there for a second handle on the storage',
    rule: 'contract',
    asserts: ['survivesReopen'],
    async run({ raw, store, entry, check, harness, now, capabilities }) {
      const [one, two] = [entry('one'), entry('two')]
      await raw.set('one', one)
      await raw.set('two', two, { expiresAt: now() + 60_000, tags: ['t'] })
      const second = awaited(await hook(harness.reopen, 'reopen', 'survivesReopen').call(harness))
      check.held(await second.get('one'), one, 'what the first handle set')
      check.held(await second.get('two'), two, 'what the first handle set with an expiry')
      const three = entry('three')
      await second.set('three', three)
      check.held(await store.get('three'), three, 'what the second handle set')
      check.equal(await second.delete('one'), true, 'delete by the second handle')
      if (!capabilities.epochs) check.absent(await store.get('one'), 'what the second handle deleted')
    },
  },
  {
    name: 'a bounded store keeps at most its maximum',
    rule: 'contract',
    asserts: ['bounded'],
    async run({ store, entry, check, capabilities }) {
      const max = capabilities.bounded ?? 0
      const keys = Array.from({ length: max * 2 + 10 }, (_, index) => `b${index}`)
      for (const key of keys) await store.set(key, entry(key))
      let kept = 0
      for (const key of keys) if ((await store.get(key)) !== undefined) kept++
      check.equal(kept <= max, true, `${kept} of ${keys.length} entries are kept, ${max} are the maximum`)
      check.equal(kept > 0, true, 'a full store keeps something')
      for (const key of keys) await store.set('overwritten', entry(key))
      check.equal((await store.get('overwritten')) !== undefined, true, 'the key set over and over is there')
    },
  },
]

function failingOperations(
  raw: Store,
  entry: Parameters<Store['set']>[1],
  capabilities: Capabilities,
): Record<string, () => unknown> {
  const store = awaited(raw)
  return {
    get: () => store.get('before'),
    'get of an absent key': () => store.get('never-set'),
    set: () => store.set('x', entry),
    delete: () => store.delete('before'),
    ...(capabilities.getMany && { getMany: () => store.getMany(['before', 'x']) }),
    ...(capabilities.setMany && { setMany: () => store.setMany([{ key: 'x', entry }]) }),
    ...(capabilities.deleteMany && { deleteMany: () => store.deleteMany(['before']) }),
    ...(capabilities.clear && { clear: () => store.clear() }),
    ...(capabilities.keys && { keys: () => store.keys('') }),
    ...(capabilities.epochs && {
      'epochs.get': () => raw.epochs?.get('before'),
      'epochs.set': () => raw.epochs?.set('x', entry),
    }),
    ...(capabilities.epochs &&
      raw.epochs?.getMany && { 'epochs.getMany': () => raw.epochs?.getMany?.(['before', 'x']) }),
    ...(capabilities.locks && {
      'locks.acquire': () => raw.locks?.acquire('before', 'note', 1000),
      'locks.renew': () => raw.locks?.renew('before', 'note', 1000),
      'locks.release': () => raw.locks?.release('before', 'note'),
    }),
    ...(capabilities.scope && { 'get in a scope': () => (raw as SyncStore).scope?.('be').get('fore') }),
  }
}

/** Whether calling it throws; a rejection that follows is expected and swallowed. */
function throwsAtOnce(run: () => unknown): boolean {
  try {
    Promise.resolve(run()).catch(() => {})
    return false
  } catch {
    return true
  }
}

/** A hook of the harness, or an error that names the claim it is needed for. */
export function hook<T>(method: T | undefined, name: string, capability: string): T {
  if (method === undefined) throw new Error(`The capability '${capability}' needs a harness with ${name}.`)
  return method
}

import { expect, it } from 'vitest'
import { bundle } from '../src/size.ts'

/** Modules of core that a program gets only with what needs them. */
const apart = {
  stores: ['codec.js', 'storable.js', 'wire.js', 'reader.js', 'rows.js', 'stored-epochs.js', 'debts.js'],
  hits: ['glance.js', 'lock.js'],
  others: [
    'tiered-store.js',
    'delegation.js',
    'parcel.js',
    'fences.js',
    'testing.js',
    'dispatch.js',
    'module-values.js',
  ],
}

it('`cached` over memory carries nothing of stores that others use, of tiers, locks, delegates and stamps', async () => {
  const { modules } = await bundle('{ cached, memoryStore }')
  expect([...modules.keys()]).toContain('call.js')
  expect([...modules.keys()].filter((name) => Object.values(apart).flat().includes(name))).toEqual([])
})

it('an instance carries no tiers, delegates and no testing kit', async () => {
  const { modules } = await bundle('{ createAutocache }')
  expect([...modules.keys()]).toEqual(expect.arrayContaining([...apart.hits, 'codec.js']))
  expect([...modules.keys()].filter((name) => apart.others.includes(name))).toEqual([])
})

it('what is imported and not used leaves nothing behind', async () => {
  const { modules } = await bundle('{ encodeKey }')
  expect([...modules.keys()].sort()).toEqual(['errors.js', 'key.js', 'kinds.js'])
})

import { describeStore } from '@autocache/conformance'
import { memoryStore } from '../src/index.ts'

const claims = {
  mode: 'sync',
  lifetime: 'process',
  holds: 'references',
  exactKeys: true,
  clear: true,
  keys: true,
  scope: true,
} as const

describeStore('memoryStore()', () => ({ store: memoryStore() }), claims)
describeStore('memoryStore({ max: 64 })', () => ({ store: memoryStore({ max: 64 }) }), { ...claims, bounded: 64 })

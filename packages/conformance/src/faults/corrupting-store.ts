import type { Entry, Held, Store } from '@autocache/core'
import { isBytes } from '../check.ts'
import { type FaultStore, interpose } from './interpose.ts'
import { seededRandom } from './random.ts'

/** Which damage, and how often. */
export interface CorruptingOptions {
  /**
   * `truncate` cuts text and bytes, or takes a field from the envelope of a reference; `flip` changes one bit, or one
   * field of that envelope; `swap` answers with the entry of another key; `rubbish` answers with what is no entry at
   * all. The body of a reference stays: it is shared by declaration, so that nobody can tell.
   */
  readonly damage: 'truncate' | 'flip' | 'swap' | 'rubbish'
  /** The share of reads that is damaged, 0 to 1. @default 1 */
  readonly probability?: number
  /** What the damage depends on. @default 1 */
  readonly seed?: number
}

/**
 * A store whose reads come back damaged. What it keeps is whole: turned off, it answers rightly again.
 * @example
 * ```ts
 * import { corruptingStore, mapStore } from '@autocache/conformance'
 * const store = corruptingStore(mapStore({ holds: 'text' }), { damage: 'truncate' })
 * store.set('a', 'an entry')
 * store.get('a').length < 8 // true
 * ```
 */
export function corruptingStore<TStore extends Store>(store: TStore, options: CorruptingOptions): FaultStore<TStore> {
  const { damage, probability = 1, seed = 1 } = options
  const random = seededRandom(seed)
  const written = new Map<string, unknown>()

  const damaged = (key: string, held: unknown): unknown => {
    if (damage === 'rubbish') return rubbish[Math.floor(random() * rubbish.length)]
    if (damage === 'truncate') return truncate(held as Held, random)
    if (damage === 'flip') return flip(held as Held, random)
    const others = [...written.keys()].filter((other) => other !== key)
    return others.length === 0 ? held : written.get(others[Math.floor(random() * others.length)] as string)
  }

  return interpose(store, {
    operations: ['get', 'set', 'delete'],
    itemwise: true,
    handle: (call) => {
      const key = call.args[0] as string
      if (call.operation === 'set') written.set(key, call.args[1])
      if (call.operation === 'delete') written.delete(key)
      if (call.operation !== 'get') return call.proceed()
      const spoil = (held: unknown) => {
        if (held === undefined || random() >= probability) return held
        const spoiled = damaged(key, held)
        if (spoiled !== held) call.strike()
        return spoiled
      }
      const held = call.proceed()
      return held instanceof Promise ? held.then(spoil) : spoil(held)
    },
  })
}

const rubbish: readonly unknown[] = [null, 42, {}, [], '', 'rubbish', false, Object.freeze(new Uint8Array(0)), () => {}]

function truncate(held: Held, random: () => number): unknown {
  if (typeof held === 'string' || isBytes(held)) return held.slice(0, Math.floor(random() * held.length))
  const names = Object.keys(held).filter((name) => name !== 'body')
  const lost = names[Math.floor(random() * names.length)]
  return Object.fromEntries(Object.entries(held).filter(([name]) => name !== lost))
}

function flip(held: Held, random: () => number): unknown {
  if (typeof held === 'object' && !isBytes(held)) {
    const changes = [
      { format: 1 },
      { key: `${held.key}~` },
      { createdAt: Number.NaN },
      { codec: 'other' },
      { outcome: '' },
      { epochs: Number.NaN },
    ]
    return { ...held, ...(changes[Math.floor(random() * changes.length)] as unknown as Partial<Entry>) }
  }
  const at = Math.floor(random() * held.length)
  const bit = 1 << Math.floor(random() * 7)
  if (isBytes(held)) return held.map((byte, index) => (index === at ? byte ^ bit : byte))
  return held.slice(0, at) + String.fromCharCode(held.charCodeAt(at) ^ bit) + held.slice(at + 1)
}

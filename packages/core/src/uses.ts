/**
 * The stores that an instance uses, and what it names in them. It keeps no store alive whose entries end with the process:
 * who caches a function over a store of its own, once for each object of a class, gets rid of both at once. One that
 * others use it keeps, because what they are to forget is said through it.
 */

import { Space } from './epochs.ts'
import type { BreakerState } from './events.ts'
import { type Gate, gateOf } from './gate.ts'
import { sharedBy } from './lane.ts'
import type { Store } from './store.ts'
import { keyPrefix } from './whole-key.ts'
import type { Wire } from './wire.ts'

/** What an instance uses of a store. */
export interface Use {
  readonly gate: Gate
  /** The names of each of its namespaces there, made when they are first needed. */
  readonly spaces: Map<string, () => Space>
  /** What tells of the breaker; the gate holds on to it no longer than the instance lives. */
  readonly watcher: (state: BreakerState) => void
}

/** The stores of one instance. */
export class Uses {
  readonly #uses = new WeakMap<Store, Use>()
  #stores: (Store | WeakRef<Store>)[] = []
  #sweepAbove = 16
  readonly #tell: (gate: Gate, state: BreakerState) => void

  /** @param tell hears of the breaker of each store */
  constructor(tell: (gate: Gate, state: BreakerState) => void) {
    this.#tell = tell
  }

  /** Of every store that is still there, in the order of their first use. */
  get all(): readonly Use[] {
    return this.#stores.flatMap((one) => {
      const store = storeOf(one)
      return store ? [this.#uses.get(store)!] : []
    })
  }

  has(store: Store): boolean {
    return this.#uses.has(store)
  }

  /** The names of a namespace over a store, made when they are first needed. */
  spaceOf(store: Store, namespace: string, encoding: Wire | undefined): () => Space {
    const { spaces } = this.#uses.get(store) ?? this.#add(store)
    let space = spaces.get(namespace)
    if (!space) spaces.set(namespace, (space = () => sharedSpace(store, namespace, encoding)))
    return space
  }

  #add(store: Store): Use {
    const gate = gateOf(store)
    const use: Use = { gate, spaces: new Map(), watcher: (state) => this.#tell(gate, state) }
    this.#uses.set(store, use)
    gate.watch(use.watcher)
    if (this.#stores.length > this.#sweepAbove) {
      this.#stores = this.#stores.filter(storeOf)
      this.#sweepAbove = 2 * this.#stores.length + 16
    }
    this.#stores.push(store.lifetime === 'shared' ? store : new WeakRef(store))
    return use
  }
}

function storeOf(one: Store | WeakRef<Store>): Store | undefined {
  return one instanceof WeakRef ? one.deref() : one
}

/** The names of a namespace, for all instances that use the store. */
function sharedSpace(store: Store, namespace: string, encoding: Wire | undefined): Space {
  const { spaces } = sharedBy(store, undefined)
  let space = spaces.get(namespace)
  if (!space) {
    const { digest } = encoding ?? {}
    const maxBytes = store.maxKeyBytes ?? 250
    // Versions have a scheme, `s1-` or `x-` or others: none is `epochs`.
    const stored =
      store.lifetime === 'shared' && encoding && digest
        ? encoding.epochs(gateOf(store), (label) =>
            keyPrefix({ namespace, label, version: 'epochs', digest, maxBytes }),
          )
        : undefined
    spaces.set(namespace, (space = new Space(stored)))
  }
  return space
}

import { EventEmitter } from 'node:events'

/** How a storage adapter can fail. */
export type Fault =
  /** The promise it returned rejects. */
  | 'rejects'
  /** It throws before there is a promise. */
  | 'throws'
  /** It emits `error` and answers as if there were nothing, or as if all were well, as @keyv/redis does. */
  | 'emits'
  /** It never answers. */
  | 'hangs'

/** A storage adapter over a Map that fails where and how it is told to, and can keep its writes waiting. */
export class FaultyAdapter extends EventEmitter {
  readonly opts = { dialect: 'faulty' }
  namespace: string | undefined
  readonly map: Map<string, unknown>
  /** What every operation does, or those of a method. */
  fault: Fault | undefined
  faults: Partial<Record<string, Fault>> = {}
  readonly calls: string[] = []
  /** Where this is set, writes wait until it is called for each. */
  waiting: (() => void)[] | undefined
  /** A field that a view of the adapter could not read. */
  readonly #own = 'private'

  constructor(map = new Map<string, unknown>()) {
    super()
    this.map = map
  }

  get(key: string) {
    return this.act('get', () => this.map.get(key))
  }

  async set(key: string, value: unknown) {
    if (this.waiting) await new Promise<void>((resolve) => this.waiting?.push(resolve))
    return this.act('set', () => void this.map.set(key, value))
  }

  delete(key: string) {
    return this.act('delete', () => this.map.delete(key))
  }

  async clear() {
    this.map.clear()
  }

  private act(method: string, work: () => unknown) {
    this.calls.push(`${method} ${this.#own}`)
    const fault = this.faults[method] ?? this.fault
    if (fault === 'throws') throw new Error(`${method} failed`)
    return this.settle(fault, method, work)
  }

  private async settle(fault: Fault | undefined, method: string, work: () => unknown): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve))
    if (fault === undefined) return work()
    if (fault === 'hangs') return new Promise(() => {})
    const error = new Error(`${method} failed`)
    if (fault === 'rejects') throw error
    this.emit('error', error)
    return method === 'delete' ? false : undefined
  }
}

import { EventEmitter } from 'node:events'

/** How a storage adapter can fail. */
export type Fault =
  /** The promise it returned rejects. */
  | 'rejects'
  /** It throws before there is a promise. */
  | 'throws'
  /** It emits `error` and answers as if there were nothing, or as if all were well, as @keyv/redis does. */
  | 'emits'
  /** The connection emits `error` on its own account while the operation waits, which is then answered with nothing. */
  | 'loses the connection'

/** A storage adapter over a Map that fails where and how it is told to. */
export class FaultyAdapter extends EventEmitter {
  readonly opts = { dialect: 'faulty' }
  namespace: string | undefined
  readonly map = new Map<string, unknown>()
  /** The faults, by method. */
  faults: Partial<Record<string, Fault>> = {}
  /** Keys whose operations fail; absent: all. */
  faultyKey: string | undefined
  readonly calls: string[] = []
  /** Emits as a socket's own handler would: on the adapter itself, whoever has asked it. */
  readonly connectionFails = (error: Error) => void this.emit('error', error)
  getMany?: (keys: string[]) => unknown
  setMany?: (entries: { key: string; value: unknown }[]) => unknown
  deleteMany?: (keys: string[]) => unknown

  constructor(shape: 'single' | 'many' = 'single') {
    super()
    if (shape === 'single') return
    this.getMany = function (this: FaultyAdapter, keys) {
      return this.act(
        'getMany',
        keys,
        () => keys.map((key) => this.map.get(key)),
        () => keys.map(() => undefined),
      )
    }
    this.setMany = function (this: FaultyAdapter, entries) {
      const keys = entries.map(({ key }) => key)
      return this.act('setMany', keys, () => void entries.map(({ key, value }) => this.map.set(key, value)))
    }
    this.deleteMany = function (this: FaultyAdapter, keys) {
      return this.act(
        'deleteMany',
        keys,
        () => keys.map((key) => this.map.delete(key)).some(Boolean),
        () => false,
      )
    }
  }

  get(key: string) {
    return this.act('get', [key], () => this.map.get(key))
  }

  set(key: string, value: unknown) {
    return this.act('set', [key], () => void this.map.set(key, value))
  }

  delete(key: string) {
    return this.act(
      'delete',
      [key],
      () => this.map.delete(key),
      () => false,
    )
  }

  async clear() {
    this.map.clear()
  }

  protected act(method: string, keys: string[], work: () => unknown, nothing: () => unknown = () => undefined) {
    this.calls.push(method)
    const wanted = this.faultyKey === undefined || keys.some((key) => key.endsWith(this.faultyKey as string))
    const fault = wanted ? this.faults[method] : undefined
    if (fault === 'throws') throw new Error(`${method} failed`)
    return this.settle(fault, method, work, nothing)
  }

  private async settle(fault: Fault | undefined, method: string, work: () => unknown, nothing: () => unknown) {
    await new Promise((resolve) => setImmediate(resolve))
    if (fault === undefined) return work()
    const error = new Error(`${method} failed`)
    if (fault === 'rejects') throw error
    if (fault === 'emits') this.emit('error', error)
    else this.connectionFails(error)
    if (fault !== 'emits') await new Promise((resolve) => setImmediate(resolve))
    return nothing()
  }
}

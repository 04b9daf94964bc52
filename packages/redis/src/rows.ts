/**
 * Rows: what stands in Redis for what core hands over, and which of it counts.
 *
 * The rule: a row counts only under the number of the server's life in which it was written (R19). A server that starts
 * as a master, or a replica that is promoted, has a new one (`master_replid`), so that what it brings from before, with
 * epochs of before an invalidation that it lost, is nothing. The number is asked for with each read, behind it on
 * the same connection or in one script with it, and never remembered for one.
 *
 * Decision: docs/decisions/0032-redis.md.
 */

import type { Command, Driver } from './client.ts'
import { failed, refused } from './explain.ts'
import { slotOf } from './slots.ts'

/** Whether what a server brings from before a restart or a failover counts. */
export type Failover = 'cold' | 'keep'

/** One row to write: how long it stands, in milliseconds, if not for ever. */
export interface Row {
  readonly key: string
  readonly text: string
  readonly life: number | undefined
}

/** How long the number is that stands before each row. */
const width = 8
const separator = ':'
/** What stands in place of a number where none is asked for. */
const none = '-'.repeat(width)

const infoScript = "return redis.call('INFO', 'replication')"
const readScript = `local rows = redis.call('MGET', unpack(KEYS))
rows[#KEYS + 1] = redis.call('INFO', 'replication')
return rows`

/** How often a row is written again because the server became another meanwhile. */
const attempts = 3

/** The rows of one client. */
export class Rows {
  readonly #driver: Driver
  readonly #keeps: boolean
  /** The number last read, by node; for writes only. */
  readonly #numbers = new Map<string, string>()

  constructor(driver: Driver, failover: Failover) {
    this.#driver = driver
    this.#keeps = failover === 'keep'
  }

  /** What stands under keys, in their order: one round trip. @throws StoreError */
  async read(keys: readonly string[], operation: string): Promise<(string | undefined)[]> {
    this.check(operation)
    const held: (string | undefined)[] = new Array(keys.length)
    const places = new Map<string, number[]>()
    for (const [at, key] of keys.entries()) group(places, this.#driver.nodeOf(key), at)
    await Promise.all([...places].map(([node, at]) => this.#readFrom(node, keys, at, held, operation)))
    return held
  }

  async #readFrom(
    node: string,
    keys: readonly string[],
    places: readonly number[],
    held: (string | undefined)[],
    operation: string,
  ): Promise<void> {
    const { kind } = this.#driver
    const own = places.map((at) => keys[at]!)
    const single = kind === 'lines' && !this.#keeps
    // In a cluster one command has keys of one slot.
    const parts = kind === 'cluster' ? [...bySlot(own, this.#driver.keyPrefix)] : [own]
    const commands: Command[] = single
      ? [{ key: own[0]!, args: ['EVAL', readScript, `${own.length}`, ...own] }]
      : parts.map((part) => ({ key: part[0]!, args: [part.length > 1 ? 'MGET' : 'GET', ...part] }))
    if (!single && !this.#keeps) commands.push(this.#ask(own[0]!))
    const replies = await this.#send(commands, operation)
    const found = new Map<string, unknown>()
    let number: string | undefined
    if (single) {
      const rows = replies[0] as unknown[]
      for (const [at, key] of own.entries()) found.set(key, rows[at])
      number = numberIn(rows[own.length], operation)
    } else {
      for (const [at, part] of parts.entries()) {
        const reply = replies[at]
        for (const [place, key] of part.entries()) found.set(key, part.length > 1 ? (reply as unknown[])[place] : reply)
      }
      if (!this.#keeps) number = numberIn(replies[parts.length], operation)
    }
    if (number !== undefined) this.#numbers.set(node, number)
    for (const [at, key] of own.entries()) held[places[at]!] = textIn(found.get(key), number)
  }

  /** Writes rows; resolves when each is acknowledged under the number that the server has then. @throws StoreError */
  async write(rows: readonly Row[], operation: string): Promise<void> {
    this.check(operation)
    let left = rows
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === attempts)
        throw refused(operation, 'The server became another while it was written to, again and again.')
      left = await this.#writeOnce(left, operation)
    }
  }

  /** Writes rows, and answers with those that have to be written again. */
  async #writeOnce(rows: readonly Row[], operation: string): Promise<readonly Row[]> {
    const byNode = new Map<string, Row[]>()
    for (const row of rows) group(byNode, this.#driver.nodeOf(row.key), row)
    if (!this.#keeps) {
      const unknown = [...byNode].filter(([node]) => !this.#numbers.has(node))
      await Promise.all(unknown.map(([node, [row]]) => this.#learn(node, row!.key, operation)))
    }
    const again = await Promise.all(
      [...byNode].map(async ([node, own]) => {
        const number = this.#keeps ? none : this.#numbers.get(node)!
        const commands = own.map(({ key, text, life }): Command => {
          const args = ['SET', key, number + separator + text]
          return { key, args: life === undefined ? args : [...args, 'PX', `${life}`] }
        })
        if (!this.#keeps) commands.push(this.#ask(own[0]!.key))
        const replies = await this.#send(commands, operation)
        if (this.#keeps) return []
        const now = numberIn(replies.at(-1), operation)
        this.#numbers.set(node, now)
        return now === number ? [] : own
      }),
    )
    return again.flat()
  }

  async #learn(node: string, key: string, operation: string): Promise<void> {
    const [info] = await this.#send([this.#ask(key)], operation)
    this.#numbers.set(node, numberIn(info, operation))
  }

  /** The question for the number of the node of a key. */
  #ask(key: string): Command {
    const args = this.#driver.kind === 'cluster' ? ['EVAL', infoScript, '1', key] : ['INFO', 'replication']
    return { key, args }
  }

  /** Throws where nothing is to be sent, without sending it: who waits for a connection waits in vain. */
  check(operation: string): void {
    const reason = this.#driver.unavailable()
    if (reason !== undefined) throw refused(operation, reason)
  }

  /** Sends commands and waits for all of them; the first error counts. */
  async #send(commands: readonly Command[], operation: string): Promise<unknown[]> {
    const settled = await Promise.allSettled(this.#driver.send(commands))
    return settled.map((one) => {
      if (one.status === 'rejected') throw failed(operation, one.reason)
      return one.value
    })
  }
}

function group<TKey, T>(groups: Map<TKey, T[]>, key: TKey, value: T): void {
  const list = groups.get(key)
  if (list) list.push(value)
  else groups.set(key, [value])
}

/** Keys in lists of one slot each. */
export function bySlot(keys: readonly string[], prefix: string): Iterable<string[]> {
  const slots = new Map<number, string[]>()
  for (const key of keys) group(slots, slotOf(prefix + key), key)
  return slots.values()
}

/** The number of a master's life. @throws StoreError where the server is none, or does not say */
function numberIn(info: unknown, operation: string): string {
  const text = String(info)
  if (text.includes('role:slave')) {
    throw refused(operation, 'The server is a replica, which lags behind: connect to the master.')
  }
  const found = /master_replid:([0-9a-f]{40})/.exec(text)
  if (!found) {
    throw refused(
      operation,
      "The server does not say which life of it this is (`master_replid` in INFO replication). With `failover: 'keep'` it is not asked.",
    )
  }
  return found[1]!.slice(0, width)
}

/** What core wrote, of a row that counts. */
function textIn(row: unknown, number: string | undefined): string | undefined {
  if (typeof row !== 'string' || row[width] !== separator) return undefined
  return number === undefined || row.startsWith(number) ? row.slice(width + 1) : undefined
}

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
    if (this.#driver.kind !== 'cluster') return this.#readNode('', keys, operation)
    const places = new Map<string, number[]>()
    for (const [at, key] of keys.entries()) group(places, this.#driver.nodeOf(key), at)
    const held: (string | undefined)[] = new Array(keys.length)
    await Promise.all(
      [...places].map(async ([node, own]) => {
        const found = await this.#readSlots(
          node,
          own.map((at) => keys[at]!),
          operation,
        )
        for (const [at, text] of found.entries()) held[own[at]!] = text
      }),
    )
    return held
  }

  /** What one server has, in one command. */
  async #readNode(node: string, keys: readonly string[], operation: string): Promise<(string | undefined)[]> {
    const [key] = keys as [string]
    const several = keys.length > 1
    const plain: Command = { key, args: [several ? 'MGET' : 'GET', ...keys] }
    if (this.#keeps) {
      const [reply] = await this.#send([plain], operation)
      return textsIn(several ? (reply as unknown[]) : [reply], keys.length, undefined)
    }
    let rows: unknown
    let info: unknown
    if (this.#driver.kind === 'lines') {
      const [reply] = await this.#send([{ key, args: ['EVAL', readScript, `${keys.length}`, ...keys] }], operation)
      rows = reply
      info = (reply as unknown[])[keys.length]
    } else {
      const [reply, answer] = await this.#send([plain, this.#ask(key)], operation)
      rows = several ? reply : [reply]
      info = answer
    }
    const number = numberIn(info, operation)
    this.#numbers.set(node, number)
    return textsIn(rows as unknown[], keys.length, number)
  }

  /** What a node of a cluster has: one command has keys of one slot. */
  async #readSlots(node: string, keys: readonly string[], operation: string): Promise<(string | undefined)[]> {
    const parts = [...bySlot(keys, this.#driver.keyPrefix)]
    const commands: Command[] = parts.map((part) => ({
      key: part[0]!,
      args: [part.length > 1 ? 'MGET' : 'GET', ...part],
    }))
    if (!this.#keeps) commands.push(this.#ask(keys[0]!))
    const replies = await this.#send(commands, operation)
    let number: string | undefined
    if (!this.#keeps) {
      number = numberIn(replies[parts.length], operation)
      this.#numbers.set(node, number)
    }
    const found = new Map<string, string | undefined>()
    for (const [at, part] of parts.entries()) {
      const texts = textsIn(part.length > 1 ? (replies[at] as unknown[]) : [replies[at]], part.length, number)
      for (const [place, key] of part.entries()) found.set(key, texts[place])
    }
    return keys.map((key) => found.get(key))
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
    const replies = this.#driver.send(commands)
    if (replies.length === 1) {
      try {
        return [await replies[0]]
      } catch (error) {
        throw failed(operation, error)
      }
    }
    const settled = await Promise.allSettled(replies)
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

/** What `INFO replication` answered last, and what it says: it is long, and mostly the same. */
let lastInfo: string | undefined
let lastNumber = none

/** The number of a master's life. @throws StoreError where the server is none, or does not say */
function numberIn(info: unknown, operation: string): string {
  const text = String(info)
  if (text === lastInfo) return lastNumber
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
  lastInfo = text
  lastNumber = found[1]!.slice(0, width)
  return lastNumber
}

/** What core wrote, of the first so many rows that a server answered with, where they count. */
function textsIn(rows: readonly unknown[], count: number, number: string | undefined): (string | undefined)[] {
  const texts: (string | undefined)[] = new Array(count)
  for (let at = 0; at < count; at++) texts[at] = textIn(rows[at], number)
  return texts
}

function textIn(row: unknown, number: string | undefined): string | undefined {
  if (typeof row !== 'string' || row[width] !== separator) return undefined
  return number === undefined || row.startsWith(number) ? row.slice(width + 1) : undefined
}

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createAutocache, StoreError } from '@autocache/core'
import { describeWithOwnRedis, RedisServer, until, Way } from 'servers'
import { afterEach, expect, it } from 'vitest'
import { redisStore } from '../src/index.ts'
import { type Make, makes } from './support/clients.ts'

const program = fileURLToPath(new URL('support/holder.mjs', import.meta.url))

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Said {
  readonly ready?: true
  readonly runs?: number
  readonly value?: string
  readonly ended?: true
  readonly closed?: true
}

/** A process, what it said, and what it is told. */
function start(url: string) {
  const child: ChildProcess = fork(program, [url])
  closing.unshift(() => child.kill('SIGKILL'))
  const said: Said[] = []
  child.on('message', (one) => said.push(one as Said))
  const all = (what: keyof Said) => said.flatMap((one) => (one[what] === undefined ? [] : [one[what]]))
  /** Tells it something, and waits until it has said so many things of a kind. */
  const tell = async (order: object, what?: keyof Said, count = 1) => {
    const before = what ? all(what).length : 0
    child.send(order)
    if (what) await until(() => all(what).length === before + count, 30_000, `${what} of ${JSON.stringify(order)}`)
  }
  return { child, all, tell, ready: () => until(() => all('ready').length === 1, 30_000, 'it is there') }
}

async function server() {
  const own = await RedisServer.start()
  closing.push(() => own.end())
  return own
}

const locksOf = async (one: RedisServer) =>
  (await one.ask('KEYS *lock:*')).split('\r\n').filter((line) => line.includes('lock:'))

describeWithOwnRedis()('L5 R18 R19 locks that are lost', { timeout: 120_000 }, () => {
  it('a holder that was stopped for longer than its lease releases no other lock and brings nothing back', async () => {
    const one = await server()
    const [holder, second, third] = [start(one.url), start(one.url), start(one.url)]
    await Promise.all([holder, second, third].map(({ ready }) => ready()))
    await holder.tell({ call: 1 }, 'runs')
    holder.child.kill('SIGSTOP')
    await second.tell({ now: 2 })
    // It waits for the lease of the other, which nobody renews.
    await second.tell({ call: 1 }, 'runs')
    const [lock] = await locksOf(one)
    const note = await one.ask(`GET ${lock}`)
    await third.tell({ now: 2 })
    await third.tell({ tag: 't' }, 'ended')
    holder.child.kill('SIGCONT')
    await holder.tell({ end: true }, 'value')
    await holder.tell({ close: true }, 'closed')
    expect(holder.all('value')).toEqual(['1 of 1'])
    expect(await one.ask(`GET ${lock}`)).toBe(note)
    // The call of before the invalidation may get what was made then; nobody else may get anything of it.
    await second.tell({ end: true }, 'value')
    await second.tell({ close: true }, 'closed')
    expect(await locksOf(one)).toEqual([])
    await holder.tell({ now: 2 })
    await third.tell({ call: 1 }, 'runs')
    await third.tell({ end: true }, 'value')
    await third.tell({ close: true }, 'closed')
    for (const process of [holder, second]) await process.tell({ call: 1 }, 'value')
    expect([holder, second, third].map(({ all }) => all('value').at(-1))).toEqual(['1 of 2', '1 of 2', '1 of 2'])
    expect([holder, second, third].map(({ all }) => all('runs').length)).toEqual([1, 1, 1])
  })

  it('FLUSHALL while a lock is held costs a run more and brings nothing back', async () => {
    const one = await server()
    const [holder, second] = [start(one.url), start(one.url)]
    await Promise.all([holder, second].map(({ ready }) => ready()))
    await holder.tell({ call: 1 }, 'runs')
    await one.ask('FLUSHALL')
    await second.tell({ call: 1 }, 'runs')
    await one.ask('FLUSHALL')
    for (const process of [holder, second]) await process.tell({ now: 2 })
    await second.tell({ tag: 't' }, 'ended')
    for (const process of [holder, second]) {
      await process.tell({ end: true }, 'value')
      await process.tell({ close: true }, 'closed')
    }
    expect([holder, second].map(({ all }) => all('value'))).toEqual([['1 of 1'], ['1 of 1']])
    await holder.tell({ call: 1 }, 'runs')
    await holder.tell({ end: true }, 'value')
    await holder.tell({ close: true }, 'closed')
    await second.tell({ call: 1 }, 'value')
    expect([holder, second].map(({ all }) => all('value').at(-1))).toEqual(['1 of 2', '1 of 2'])
  })
})

/** A master and its replica, which become two masters, and a process for each, the first of which is led to the other in the end. */
async function parted(make: Make, ...options: string[]) {
  const data = { now: 1 }
  const stays = await server()
  const leaves = await RedisServer.start(...options)
  closing.push(() => leaves.end())
  await stays.ask(`REPLICAOF 127.0.0.1 ${leaves.port}`)
  await until(async () => (await stays.ask('INFO replication')).includes('link_status:up'))
  const way = await Way.to(leaves.port)
  closing.push(() => way.close())
  const process = async (port: number, name: string) => {
    const { client, close } = await make.connect(port)
    closing.unshift(close)
    const store = redisStore(client)
    const cache = createAutocache({ store, namespace: 'parted', version: '1', ttl: '1h' })
    const ends: (() => void)[] = []
    const runs: string[] = []
    const load = cache.cached(
      async (key: number) => {
        const read = data.now
        runs.push(name)
        await new Promise<void>((resolve) => ends.push(resolve))
        return `${key} of ${read}`
      },
      { name: 'load', tags: ['t'] },
    )
    /** One answer, whether the function has to run or not. */
    const ask = async (key: number) => {
      let answer: string | undefined
      void load(key).then((value) => (answer = value))
      await until(() => {
        for (const end of ends.splice(0)) end()
        return answer !== undefined
      })
      await cache.close()
      return answer
    }
    const answers = () =>
      store.get('').then(
        () => true,
        () => false,
      )
    return { cache, load, ends, runs, ask, answers }
  }
  const old = await process(Number(new URL(way.url).port), 'old')
  expect(await old.ask(1)).toBe('1 of 1')
  expect(await old.ask(2)).toBe('2 of 1')
  await until(async () => (await stays.ask('DBSIZE')) === (await leaves.ask('DBSIZE')))
  // Both are masters from here on.
  await stays.ask('REPLICAOF NO ONE')
  const young = await process(stays.port, 'young')
  /** The one that leaves is gone, and who used it is led to the one that stays. */
  const heal = async () => {
    way.target = stays.port
    way.cut()
    await until(old.answers)
  }
  return { data, old, young, leaves, heal }
}

describeWithOwnRedis()('R19 R22 two masters, each with a holder', { timeout: 120_000 }, () => {
  for (const make of [makes[0]!, makes[4]!]) {
    it(`fill twice, and what one has ended stays ended when the other gives way, with ${make.name}`, async () => {
      const { data, old, young, heal } = await parted(make)
      // A run on either side, for which each has a lock.
      await old.cache.invalidateTags('t')
      const [left, right] = [old.load(1), young.load(1)]
      await until(() => old.ends.length === 1 && young.ends.length === 1)
      data.now = 2
      await young.cache.invalidateTags('t')
      await heal()
      for (const end of [...old.ends.splice(0), ...young.ends.splice(0)]) end()
      expect(await Promise.all([left, right])).toEqual(['1 of 1', '1 of 1'])
      await Promise.all([old.cache.close(), young.cache.close()])
      for (let round = 0; round < 3; round++) {
        for (const one of [old, young]) expect(await one.ask(1)).toBe('1 of 2')
        for (const one of [young, old]) expect(await one.ask(2)).toBe('2 of 2')
      }
      expect([...old.runs, ...young.runs].length).toBeLessThanOrEqual(12)
    })

    it(`what the one that gives way refuses to end is ended where the other stays, with ${make.name}`, async () => {
      const settings = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1']
      const { data, old, young, leaves, heal } = await parted(make, ...settings)
      expect(await young.ask(1)).toBe('1 of 1')
      await until(async () => (await leaves.ask('SET lone 1')).startsWith('-NOREPLICAS'))
      data.now = 2
      await expect(old.cache.invalidateTags('t')).rejects.toBeInstanceOf(StoreError)
      await heal()
      await until(async () => {
        await old.ask(1)
        return old.cache.stats().stores.every(({ owed }) => owed === 0)
      })
      for (let round = 0; round < 3; round++) for (const one of [young, old]) expect(await one.ask(1)).toBe('1 of 2')
    })
  }
})

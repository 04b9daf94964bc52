import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from 'servers/port'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Project } from './support/project.ts'
import { Api, describeWithServers, postgresUrl, Redis, until } from './support/servers.ts'

let project: Project
beforeAll(async () => {
  project = new Project()
  await project.build('swc')
}, 180_000)
afterAll(() => project.remove())

const started: Api[] = []
const api = async (env: Record<string, string>) => {
  const running = await Api.start(env, project.dist)
  started.push(running)
  return running
}
afterEach(async () => {
  for (const running of started.splice(0)) await running.stop()
})

let names = 0
/** A part of Redis that no other test has seen. */
const namespace = () => `nest-api-${process.pid}-${names++}`

const reports = ['/reports/remote/AK?limit=3', '/reports/connections/BOS/SFO', '/reports/reach/BOS']
const airport = '{ airport(iata: "BOS") { city reach } }'
const blue = { 'x-tenant': 'blue' }

;(await describeWithServers())('the API over PostgreSQL and Redis', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = new Redis(await freePort())
    await redis.start()
  })
  afterAll(() => redis.close())
  const env = (name = namespace()) => ({ DATABASE_URL: postgresUrl, REDIS_URL: redis.url, NAMESPACE: name })
  const askAll = async (running: Api) => [
    ...(await Promise.all(reports.map(async (path) => (await running.get(path)).body))),
    (await running.get('/fares/BOS/SFO', blue)).body,
    await running.graphql(airport),
  ]

  it('a second request is answered from Redis, by another process and after a restart too', async () => {
    const settings = env()
    const first = await api(settings)
    const computed = await askAll(first)
    expect(computed[2]).toEqual({ from: 'BOS', airports: 304 })
    expect(computed[4]).toEqual({ airport: { city: 'Boston', reach: 304 } })
    expect(await askAll(first)).toEqual(computed)
    const methods = [
      'AirportsResolver.airport',
      'ConnectionsService.connections',
      'ConnectionsService.reach',
      'FaresController.quote#response',
      'FaresService.quote',
      'RemoteService.remote',
    ]
    const counts = await first.counts()
    for (const label of methods) expect(counts[label]?.fill, label).toBe(1)

    const second = await api(settings)
    expect(await askAll(second)).toEqual(computed)
    await first.stop()
    await second.stop()
    const third = await api(settings)
    expect(await askAll(third)).toEqual(computed)
    expect((await third.get('/fares/BOS/SFO', blue)).cache).toBe('HIT')
    for (const [label, { fill }] of Object.entries(await third.counts())) expect(fill, label).toBe(0)
  })

  it('two travellers and two airlines never see what is the other’s, first calls at once', async () => {
    const settings = env()
    const [one, other] = await Promise.all([api(settings), api(settings)])
    const ask = async (running: Api, traveller: string, tenant: string) => {
      const headers = { authorization: `Bearer token-${traveller}` }
      const [list, fare] = await Promise.all([
        running.get('/me/watchlist', headers),
        running.get('/fares/BOS/SFO', { 'x-tenant': tenant }),
      ])
      return [list.body.traveller, list.body.airports.join(), fare.body.tenant, fare.body.dollars]
    }
    const expected = {
      ann: ['ann', 'JFK,SFO', 'blue', 297],
      bob: ['bob', 'ATL', 'green', 513],
      eve: ['eve', '', 'green', 513],
    }
    // No entry is there yet, and each of them is asked for by twenty calls at once in two processes.
    const calls = Array.from({ length: 60 }, (_, at) => (['ann', 'bob', 'eve'] as const)[at % 3]!)
    const answers = await Promise.all(
      calls.map((who, at) => ask(at % 2 === 0 ? one : other, who, who === 'ann' ? 'blue' : 'green')),
    )
    expect(answers).toEqual(calls.map((who) => expected[who]))
    expect((await one.get('/me/watchlist')).status).toBe(401)
    expect((await one.get('/me/watchlist', { authorization: 'Bearer token-of-nobody' })).status).toBe(401)
  })

  it('a change is seen by the next request, in the process that made it', async () => {
    const running = await api(env())
    const headers = { authorization: 'Bearer token-eve' }
    const list = async () => (await running.get('/me/watchlist', headers)).body.airports
    const change = async (method: string) => {
      const { status } = await fetch(`${running.url}/me/watchlist/BOS`, { method, headers })
      expect(status).toBe(204)
    }
    expect(await list()).toEqual([])
    await change('PUT')
    try {
      expect(await list()).toEqual(['BOS'])
    } finally {
      await change('DELETE')
    }
    expect(await list()).toEqual([])
  })

  it('an error is answered as it is, and not kept', async () => {
    const running = await api(env())
    for (let i = 0; i < 2; i += 1) {
      expect((await running.get('/fares/BOS/SFO', { 'x-tenant': 'red' })).status).toBe(404)
      expect((await running.get('/fares/BOS/SFO')).status).toBe(400)
    }
    expect((await running.counts())['FaresService.quote']).toEqual({ fill: 0, hit: 0 })
  })

  /** Asks for all reports from eight clients at once until it is told to stop; every answer is right, or this rejects. */
  async function underLoad(running: Api, during: (after: (more: number) => Promise<void>) => Promise<void>) {
    const expected = await Promise.all(reports.map(async (path) => (await running.get(path)).body))
    let stopped = false
    let answered = 0
    let slowest = 0
    const load = Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let at = client; !stopped; at += 1) {
          const began = performance.now()
          const { status, body } = await running.get(reports[at % reports.length]!)
          slowest = Math.max(slowest, performance.now() - began)
          expect(status).toBe(200)
          expect(body).toEqual(expected[at % reports.length])
          answered += 1
        }
      }),
    )
    const after = async (more: number) => {
      const wanted = answered + more
      await until(async () => answered >= wanted, 'Answers', 60_000)
    }
    try {
      await Promise.race([load, during(after)])
    } finally {
      stopped = true
    }
    await load
    expect(running.output).not.toContain('ERROR')
    return slowest
  }

  const hitsAgain = async (running: Api) => {
    const hits = async () => (await running.counts())['ConnectionsService.reach']!.hit
    const before = await hits()
    await until(async () => (await hits()) >= before + 20, 'Hits', 60_000)
  }

  it('no request fails while Redis is killed under load, and entries are used again when it is back', async () => {
    const own = new Redis(await freePort())
    await own.start()
    const running = await api({ ...env(), REDIS_URL: own.url })
    try {
      await underLoad(running, async (after) => {
        await after(50)
        await own.kill()
        await after(50)
        await own.start()
        await hitsAgain(running)
      })
    } finally {
      await own.close()
    }
  }, 120_000)

  it('no request fails or hangs while Redis hangs under load, and entries are used again when it goes on', async () => {
    const own = new Redis(await freePort())
    await own.start()
    const running = await api({ ...env(), REDIS_URL: own.url })
    try {
      const slowest = await underLoad(running, async (after) => {
        await after(50)
        own.pause()
        await after(100)
        const { body } = await running.get('/cache/health')
        expect(body.cache.status).toBe('degraded')
        own.resume()
        await hitsAgain(running)
      })
      // Nobody waited for Redis to come back: a call has a budget, and a store that does not answer is asked no more.
      expect(slowest).toBeLessThan(10_000)
    } finally {
      own.resume()
      await own.close()
    }
  }, 120_000)

  it('it starts and answers while Redis is down, and uses it once it is there', async () => {
    const own = new Redis(await freePort())
    const running = await api({ ...env(), REDIS_URL: own.url })
    try {
      for (let i = 0; i < 2; i += 1)
        expect((await running.get('/reports/reach/BOS')).body).toEqual({ from: 'BOS', airports: 304 })
      expect((await running.get('/cache/health')).body.cache.status).toBe('degraded')
      expect((await running.counts())['ConnectionsService.reach']).toEqual({ fill: 2, hit: 0 })
      await own.start()
      await until(
        async () => {
          await running.get('/reports/reach/BOS')
          return (await running.counts())['ConnectionsService.reach']!.hit > 0
        },
        'A hit',
        60_000,
      )
      expect((await running.get('/cache/health')).body.cache.status).toBe('up')
    } finally {
      await own.close()
    }
  }, 120_000)
})

describe('the API where there is no PostgreSQL and no Redis', () => {
  it('has its data in SQLite and its entries in memory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nest api sqlite '))
    const running = await api({ SQLITE_FILE: join(folder, 'data.sqlite') })
    for (let i = 0; i < 2; i += 1) {
      expect((await running.get('/reports/connections/BOS/SFO')).body).toMatchObject({ total: 33 })
      expect((await running.get('/reports/reach/BOS')).body).toEqual({ from: 'BOS', airports: 304 })
    }
    expect((await running.counts())['ConnectionsService.reach']).toEqual({ fill: 1, hit: 1 })
    await running.stop()
    rmSync(folder, { recursive: true })
  })
})

import { freePort } from 'servers/port'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Project } from './support/project.ts'
import { Api, describeWithServers, postgresUrl, Redis } from './support/servers.ts'

/** A build of each step is a process of its own that compiles the application. */
const patience = 300_000

;(await describeWithServers())('a stamped build', () => {
  let project: Project
  let redis: Redis
  beforeAll(async () => {
    project = new Project()
    redis = new Redis(await freePort())
    await redis.start()
  }, patience)
  afterAll(async () => {
    await redis.close()
    project.remove()
  })

  /** Builds, starts, asks for everything once, and tells which methods ran. */
  async function recomputed(builder: 'tsc' | 'swc'): Promise<{ ran: string[]; output: string }> {
    await project.build(builder)
    const env = { DATABASE_URL: postgresUrl, REDIS_URL: redis.url, NAMESPACE: 'edits' }
    const api = await Api.start(env, project.dist)
    try {
      const ways = ['/reports/remote/AK?limit=3', '/reports/connections/BOS/SFO', '/reports/reach/BOS']
      for (const path of ways) expect((await api.get(path)).status).toBe(200)
      expect((await api.get('/fares/BOS/SFO', { 'x-tenant': 'blue' })).status).toBe(200)
      await api.get('/me/watchlist', { authorization: 'Bearer token-ann' })
      expect(await api.graphql('{ airport(iata: "BOS") { city } }')).toEqual({ airport: { city: 'Boston' } })
      const counts = Object.entries(await api.counts())
      const ran = counts.filter(([, { fill }]) => fill > 0).map(([label]) => label)
      return { ran: ran.sort(), output: api.output }
    } finally {
      await api.stop()
    }
  }

  const everything = [
    'AirportsResolver.airport',
    'ConnectionsService.connections',
    'ConnectionsService.reach',
    'FaresController.quote#response',
    'FaresService.quote',
    'RemoteService.remote',
    'WatchlistService.of',
  ]

  it(
    'has a version for every method, and the same from tsc and swc',
    async () => {
      const { ran, output } = await recomputed('tsc')
      expect(ran).toEqual(everything)
      for (const label of everything) expect(output).toMatch(new RegExp(`Cached \\{${label}\\} s1-`))
      expect((await recomputed('swc')).ran).toEqual([])
    },
    patience,
  )

  it(
    'has versions of the tests under Vitest',
    async () => {
      expect(await project.unitTests()).toMatch(/Tests\s+1 passed/)
    },
    patience,
  )

  it(
    'recomputes what an edited helper reaches, and nothing else',
    async () => {
      project.edit('geo/distance.ts', '3958.8', '3958.7')
      const { ran } = await recomputed('swc')
      expect(ran).toEqual(['FaresController.quote#response', 'FaresService.quote', 'RemoteService.remote'])
    },
    patience,
  )

  it(
    'recomputes what calls an edited repository, through the providers between',
    async () => {
      project.edit('airports/routes.repository.ts', 'ORDER BY flights DESC, via', 'ORDER BY flights DESC, via DESC')
      const { ran } = await recomputed('swc')
      expect(ran).toEqual([
        'ConnectionsService.connections',
        'ConnectionsService.reach',
        'FaresController.quote#response',
        'FaresService.quote',
      ])
    },
    patience,
  )

  it(
    'recomputes what inherits from an edited base class',
    async () => {
      project.edit('reports/report.ts', 'total: rows.length', 'total: rows.length + 0')
      const { ran } = await recomputed('swc')
      expect(ran).toEqual([
        'ConnectionsService.connections',
        'FaresController.quote#response',
        'FaresService.quote',
        'RemoteService.remote',
      ])
    },
    patience,
  )

  it(
    'recomputes nothing after an edit that changes no behaviour',
    async () => {
      project.edit('geo/distance.ts', 'const north', '// a comment\n  const   north')
      project.edit('reports/connections.service.ts', 'reach(from: string)', 'reach(origin: string)')
      project.edit(
        'reports/connections.service.ts',
        'from, airports: await this.routes.reach(from)',
        'from: origin, airports: await this.routes.reach(origin)',
      )
      expect((await recomputed('swc')).ran).toEqual([])
    },
    patience,
  )
})

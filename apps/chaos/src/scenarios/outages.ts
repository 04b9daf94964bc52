import { RedisServer, sleep, until } from 'servers/redis-server'
import { enough } from '../fleet.ts'
import type { Make, StorePlan, WorkerPlan } from '../plan.ts'
import type { Playing, Scenario, Stage } from '../stage.ts'

/** Within which time calls are answered from the store again, in milliseconds. */
const soon = 2000

/** An outage of a server: where the fleet finds it, how it fails, how it comes back. */
export interface Outage {
  readonly store: Omit<Extract<StorePlan, { kind: 'redis' }>, 'kind' | 'make'>
  fail(): unknown
  mend(): unknown
  /** What is different in the plans. */
  readonly other?: Partial<WorkerPlan> | undefined
  /** It fails before the fleet is there. */
  readonly atBoot?: true
}

/** Plays an outage under traffic, from beginning to end. */
export async function play(playing: Playing, make: Make, outage: Outage): Promise<void> {
  const { account, fleet, scale } = playing
  const { store, fail, mend, other, atBoot } = outage
  if (atBoot) await fail()
  for (let index = 0; index < scale.processes; index++)
    fleet.add(playing.plan({ kind: 'redis', make, ...store }, index, other))
  await fleet.ready()
  fleet.start()
  if (!atBoot) {
    await sleep(Math.max(800, scale.phase / 2))
    fleet.phase('before')
    await sleep(scale.phase)
    account.fault('fault')
    await fail()
  } else account.fault('not there')
  fleet.phase('during')
  await sleep(scale.phase)
  await mend()
  account.mended()
  fleet.phase('after')
  const back = await fleet.recovered(15_000)
  await sleep(scale.phase / 2)
  await fleet.settle()
  const { stayed } = await fleet.stop()
  claims(playing, stayed)
  claimRecovery(playing, back)
}

/** The store answers again, so many milliseconds after it was there again, and goes on. */
export function claimRecovery({ account, fleet }: Playing, back: number): void {
  account.claim('answered from the store again', `within ${soon} ms`, `after ${back.toFixed(0)} ms`, back <= soon, true)
  for (const [when, { due, stored }] of [
    ['before the fault', account.due('before')],
    ['from then on', fleet.answeredSince()],
  ] as const) {
    if (due >= enough.calls)
      account.claim(
        `answers that the store must have, and gave, ${when}`,
        `at least ${100 * enough.share} %`,
        `${stored} of ${due}`,
        stored >= enough.share * due,
        true,
      )
  }
}

/** What is so after any outage. */
export function claims({ account }: Playing, stayed: number): void {
  const [during, after] = [account.latency('during'), account.latency('after')]
  const busy = (during?.calls ?? 0) > 0 && (after?.hitRatio ?? 0) > 0
  account.claim('calls during the fault, and hits after it', 'some', `${during?.calls ?? 0} calls`, busy)
  const owed = account.sum('owed')
  account.claim('invalidations that were never acknowledged', '0', `${owed}`, owed === 0)
  account.claim('processes that did not end by themselves', '0', `${stayed}`, stayed === 0)
}

const both: readonly Make[] = ['node-redis', 'ioredis']

/** Once with each client; in the short form with one of them. */
export async function withEach(stage: Stage, short: Make, body: (playing: Playing, make: Make) => Promise<void>) {
  for (const make of stage.scale.short ? [short] : both) await stage.round(make, (playing) => body(playing, make))
}

const outage = (name: string, title: string, short: Make, begin: (playing: Playing) => Promise<Outage>): Scenario => ({
  name,
  title,
  play: (stage) => withEach(stage, short, async (playing, make) => play(playing, make, await begin(playing))),
})

export const outages: readonly Scenario[] = [
  outage('killed', 'Redis is killed and restarted empty', 'node-redis', async (playing) => {
    const server = await playing.server()
    return { store: { url: server.url }, fail: () => server.kill(), mend: () => server.start() }
  }),

  outage(
    'restarted',
    'Redis is killed and restarted with data from before invalidations',
    'ioredis',
    async (playing) => {
      const server = await playing.server()
      const fail = async () => {
        await server.save()
        await sleep(playing.scale.phase / 4)
        await server.kill()
      }
      return { store: { url: server.url }, fail, mend: () => server.start() }
    },
  ),

  outage('stopped', 'Redis is stopped (SIGSTOP) and goes on', 'node-redis', async (playing) => {
    const server = await playing.server()
    playing.closing(() => server.thaw())
    return { store: { url: server.url }, fail: () => server.freeze(), mend: () => server.thaw() }
  }),

  outage(
    'half-open',
    'The connections are half-open: nothing is answered, nothing is closed',
    'ioredis',
    async (playing) => {
      const server = await playing.server()
      const way = await playing.way(server.port)
      const mend = () => {
        way.cut()
        way.mode = 'pass'
      }
      return { store: { url: way.url }, fail: () => (way.mode = 'swallow'), mend }
    },
  ),

  outage('at-boot', 'Redis refuses connections when the processes start', 'node-redis', async (playing) => {
    const server = playing.own(await RedisServer.reserve())
    return { store: { url: server.url }, fail: () => {}, mend: () => server.start(), atBoot: true }
  }),

  outage('slow', 'Redis answers 300 ms late', 'ioredis', async (playing) => {
    const server = await playing.server()
    const way = await playing.way(server.port)
    return { store: { url: way.url }, fail: () => (way.delay = 300), mend: () => (way.delay = 0) }
  }),

  outage('out-of-memory', 'Redis is out of memory and evicts nothing (noeviction)', 'node-redis', async (playing) => {
    const server = await playing.server()
    const fail = async () => {
      const used = /used_memory:(\d+)/.exec(await server.ask('INFO memory'))![1]
      await server.ask(`CONFIG SET maxmemory ${used}`)
    }
    return { store: { url: server.url }, fail, mend: () => server.ask('CONFIG SET maxmemory 0') }
  }),

  outage('demoted', 'Redis becomes a read-only replica of another, and a master again', 'ioredis', async (playing) => {
    const [server, other] = [await playing.server(), await playing.server()]
    const fail = () => server.ask(`REPLICAOF 127.0.0.1 ${other.port}`)
    return { store: { url: server.url }, fail, mend: () => server.ask('REPLICAOF NO ONE') }
  }),

  outage(
    'replica',
    'The processes were pointed at a read-only replica, which is promoted later',
    'node-redis',
    async (playing) => {
      const master = await playing.server()
      const replica = await playing.server('--replicaof', '127.0.0.1', `${master.port}`, '--replica-read-only', 'yes')
      await until(async () => (await replica.ask('INFO replication')).includes('link_status:up'), 10_000, 'it follows')
      return { store: { url: replica.url }, fail: () => {}, mend: () => replica.ask('REPLICAOF NO ONE'), atBoot: true }
    },
  ),
]

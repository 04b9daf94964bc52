import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeWithOwnRedis, RedisServer, until } from 'servers'
import { afterEach, expect, it } from 'vitest'

const program = fileURLToPath(new URL('support/one-of-many.mjs', import.meta.url))

interface Said {
  readonly runs?: string
  readonly ran?: string
  readonly ready?: true
  readonly values?: readonly string[]
  readonly calls?: number
  readonly at?: number
}

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

/** So many processes over one server, and what they said. */
async function start(count: number, make: string, heard: string, length: number) {
  const server = await RedisServer.start()
  ending.push(() => server.end())
  const said: (Said & { readonly by: ChildProcess })[] = []
  const children = Array.from({ length: count }, () => {
    const child = fork(program, [server.url, make, heard, '100', `${length}`])
    child.on('message', (one) => said.push({ ...(one as Said), by: child }))
    ending.unshift(() => child.kill('SIGKILL'))
    return child
  })
  const all = (what: keyof Said) => said.filter((one) => one[what] !== undefined)
  await until(() => all('ready').length === count, 60_000)
  return { server, children, all }
}

describeWithOwnRedis()('L5 8 processes of 100 callers each and one cold key', { timeout: 120_000 }, () => {
  for (const [make, heard] of [
    ['node-redis', 'heard'],
    ['node-redis', 'unheard'],
    ['ioredis', 'heard'],
  ] as const) {
    it(`run the function once, through ${make}, ${heard === 'heard' ? 'with' : 'without'} a subscriber`, async () => {
      const { children, all } = await start(8, make, heard, 500)
      for (const child of children) child.send('cold')
      await until(() => all('values').length === 8, 30_000)
      expect(all('runs').map(({ runs }) => runs)).toEqual(['cold'])
      const [{ by, at }] = all('ran') as [{ by: ChildProcess; at: number }]
      const values = all('values')
      expect(values.map(({ calls }) => calls)).toEqual(Array.from({ length: 8 }, () => 100))
      expect(new Set(values.flatMap((one) => one.values))).toEqual(new Set([`cold by ${by.pid}`]))
      const late = Math.max(...values.map((one) => one.at! - at))
      console.info(`${make}, ${heard}: 800 calls, 1 run; the last had its value ${late} ms after it was there`)
    })
  }

  it('run it once more where the one that has the lock is killed', async () => {
    const { children, all } = await start(8, 'node-redis', 'heard', 800)
    for (const child of children) child.send('cold')
    await until(() => all('runs').length === 1)
    const [{ by: holder }] = all('runs') as [{ by: ChildProcess }]
    holder.kill('SIGKILL')
    const began = Date.now()
    await until(() => all('runs').length === 2, 60_000)
    const taken = Date.now() - began
    await until(() => all('values').length === 7, 30_000)
    expect(all('runs')).toHaveLength(2)
    expect(all('ran')).toHaveLength(1)
    console.info(`killed: 1 more run, begun ${taken} ms later`)
  })

  it('listen to nothing when nobody waits', async () => {
    const { server, children, all } = await start(2, 'ioredis', 'heard', 50)
    for (const child of children) child.send('cold')
    await until(() => all('values').length === 2)
    expect(await server.ask('PUBSUB CHANNELS')).toBe('*0\r\n')
  })
})

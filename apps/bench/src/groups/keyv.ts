import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import type { Contender, Group, Setting } from '../contender.ts'
import { record } from '../inputs.ts'

/** The callers that ask at once. */
export const callers = 64
const minutes = 60_000

type Open = (setting: Setting) => Keyv

const overMap: Open = () => new Keyv()

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** Under a namespace of its own, with entries that are gone in ten minutes. */
const overRedis: Open = ({ onClose }) => {
  const namespace = `autocache-bench-${randomBytes(6).toString('hex')}`
  const keyv = new Keyv({ store: new KeyvRedis(redisUrl), namespace, useKeyPrefix: false })
  keyv.on('error', (error) => console.error(`bench: Redis: ${error}`))
  onClose(async () => {
    await keyv.clear()
    await keyv.disconnect()
  })
  return keyv
}

const bare = (open: Open): Contender => ({
  name: 'keyv.get',
  async create(setting) {
    const keyv = open(setting)
    for (const args of setting.calls) await keyv.set(args[0], await setting.fn(...args), 10 * minutes)
    return (key: string) => keyv.get(key)
  },
})

const autocache = (open: Open): Contender => ({
  name: 'autocache over keyvStore',
  create(setting) {
    const cache = createAutocache({ store: keyvStore(open(setting)), namespace: 'bench', ttl: '10m' })
    setting.onClose(() => cache.close())
    return cache.cached(setting.fn, { name: 'find', version: 'bench' })
  },
})

/** Where nobody listens, says so; asking costs no client that would try again and again. */
export function unreachable(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 1000 })
    const end = (reason?: string) => {
      socket.destroy()
      resolve(reason)
    }
    socket.on('connect', () => end())
    socket.on('timeout', () => end(`no answer from Redis at ${hostname}:${port || 6379}`))
    socket.on('error', () => end(`no Redis at ${hostname}:${port || 6379} (set REDIS_URL)`))
  })
}

const common = {
  reference: 'keyv.get',
  fn: async (key: string) => record(Number(key.slice(5))),
  args: (n: number) => [`user-${n}`],
  calls: callers,
} satisfies Partial<Group>

export const oneKey: Group['loop'] = (answer) => {
  const callers = 64
  return () => {
    const answers = []
    for (let caller = 0; caller < callers; caller++) answers.push(answer('user-7'))
    return Promise.all(answers)
  }
}

export const manyKeys: Group['loop'] = (answer) => {
  const callers = 64
  return () => {
    const answers = []
    for (let caller = 0; caller < callers; caller++) answers.push(answer(`user-${caller}`))
    return Promise.all(answers)
  }
}

function groupsOver(id: string, title: string, open: Open, unavailable?: Group['unavailable']): Group[] {
  const rest = { ...common, contenders: [bare(open), autocache(open)], ...(unavailable && { unavailable }) }
  return [
    { ...rest, id: `${id}-one-key`, title: `Hit over ${title}, 64 concurrent callers of one key`, loop: oneKey },
    { ...rest, id: `${id}-many-keys`, title: `Hit over ${title}, 64 concurrent callers of 64 keys`, loop: manyKeys },
  ]
}

export const keyvGroups: Group[] = [
  ...groupsOver('keyv-map', 'Keyv and a Map', overMap),
  ...groupsOver('keyv-redis', 'Keyv and Redis', overRedis, () => unreachable(redisUrl)),
]

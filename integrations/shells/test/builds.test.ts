import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Child, runProgram, type Said, start } from './support/child.ts'
import { edits, Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'
import { describeWithRedis, redisUrl } from './support/redis.ts'

/** `node` builds nothing: its loader stamps what tsx then compiles. */
const hosts = ['esbuild', 'node', 'rolldown', 'rollup', 'rspack', 'vite', 'webpack'] as const
type Host = (typeof hosts)[number]

const loaded = ['--import', '@autocache/unplugin/register', '--import', 'tsx', 'src/main.ts']

const projects = new Map<Host, string>()
/** By host: what the program said after each edit, and before the first. */
const states = new Map<Host, Record<string, Said>[]>()

const run = (host: Host, env?: Readonly<Record<string, string>>) =>
  runProgram(projects.get(host)!, host === 'node' ? loaded : [`out/${host}/main.js`], env)

const keysOf = (said: Record<string, Said>) =>
  Object.fromEntries(Object.entries(said).map(([name, { label, key }]) => [name, `${label} ${key}`]))

beforeAll(() => {
  for (const host of hosts) projects.set(host, copyProject(host))
}, 60_000)

afterAll(() => {
  for (const root of projects.values()) removeProject(root)
})

describe.each(hosts)('%s', (host) => {
  let child: Child | undefined
  const build = async () => child && expect(await child.next('build')).toMatchObject({ ok: true })

  beforeAll(async () => {
    if (host !== 'node') child = start('drive.mjs', [host], projects.get(host)!)
    await build()
    states.set(host, [await run(host)])
  }, 60_000)
  afterAll(() => child?.stop())

  test('stamps every function, and the program runs stamped', () => {
    const [said] = states.get(host)!
    expect(Object.keys(said!)).toHaveLength(9)
    for (const { version } of Object.values(said!)) expect(version).toMatch(/^s1-[a-z2-7]{26}/)
  })

  test('each edit makes cold what reaches it, and nothing else', async () => {
    const files = new Files(projects.get(host)!)
    const env: Record<string, string> = {}
    for (const edit of edits) {
      edit.apply(files)
      Object.assign(env, edit.env)
      await build()
      const before = states.get(host)!.at(-1)!
      const after = await run(host, env)
      states.get(host)!.push(after)
      const cold = Object.keys(after).filter((name) => after[name]!.key !== before[name]!.key)
      expect({ edit: edit.name, cold }).toEqual({ edit: edit.name, cold: edit.cold })
    }
  }, 120_000)
})

test.each(hosts.slice(1))('%s gives the labels, versions and keys of esbuild, before and after every edit', (host) => {
  expect(states.get(host)!.map(keysOf)).toEqual(states.get('esbuild')!.map(keysOf))
})

;(await describeWithRedis())('over one Redis', () => {
  test('entries of one build answer in every other', async () => {
    const namespace = `shells-${process.pid}-${Date.now().toString(36)}`
    const env = { REDIS_URL: redisUrl, SHOP_NAMESPACE: namespace, SHOP_FEE: '6' }
    const from = (said: Record<string, Said>) => [...new Set(Object.values(said).map((call) => call.from))]
    const [first, ...others] = hosts
    expect(from(await run(first, env))).toEqual(['run'])
    for (const host of others) expect([host, from(await run(host, env))]).toEqual([host, ['store']])
  }, 60_000)
})

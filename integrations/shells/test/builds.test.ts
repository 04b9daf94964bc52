import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping } from 'node:module'
import { describeWith, redisUrl } from 'servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Child, runProgram, type Said, start } from './support/child.ts'
import { type Edit, edits, Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

/** They bundle. */
const bundlers = ['esbuild', 'rolldown', 'rollup', 'rspack', 'vite', 'webpack'] as const
/** These compile file by file, and `autocache stamp` comes after them. */
const compilers = ['swc', 'tsc'] as const
/** `node` builds nothing: its loader stamps what tsx then compiles. */
const hosts = [...bundlers, ...compilers, 'node'] as const
type Host = (typeof hosts)[number]

const isOf = (list: readonly string[], host: Host) => list.includes(host)

/** tsc takes long for a program and its packages, so it compiles the first and the last state; `integrations/emitted` has its edits. */
const stepsOf = (host: Host): readonly Edit[] => (host === 'tsc' ? [all] : edits)
const all: Edit = {
  name: 'all of them',
  cold: [...new Set(edits.flatMap(({ cold }) => cold))],
  env: Object.assign({}, ...edits.map(({ env }) => env)),
  apply(files) {
    for (const edit of edits) edit.apply(files)
  },
}

/** What starts the program. The package of the workspace is TypeScript, and not compiled by what compiles the program. */
const programOf = (host: Host): readonly string[] => {
  if (host === 'node') return ['--import', '@autocache/unplugin/register', '--import', 'tsx', 'src/main.ts']
  // tsc takes the package of the workspace into the program, and so the folder of both.
  const main = `out/${host}/${host === 'tsc' ? 'src/' : ''}main.js`
  return isOf(compilers, host) ? ['--import', 'tsx', main] : [main]
}

const projects = new Map<Host, string>()
/** By host: what the program said after each edit, and before the first. */
const states = new Map<Host, Record<string, Said>[]>()

const run = (host: Host, env?: Readonly<Record<string, string>>) =>
  runProgram(projects.get(host)!, programOf(host), env)

const keysOf = (said: Record<string, Said>) =>
  Object.fromEntries(Object.entries(said).map(([name, { label, key }]) => [name, `${label} ${key}`]))

/** Line and column, from 0. */
function placeOf(text: string, pattern: RegExp): [line: number, column: number] {
  const lines = text.slice(0, text.search(pattern)).split('\n')
  return [lines.length - 1, lines.at(-1)!.length]
}

beforeAll(() => {
  for (const host of hosts) projects.set(host, copyProject(host))
}, 180_000)

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
  }, 180_000)
  afterAll(() => child?.stop())

  test('stamps every function, and the program runs stamped', () => {
    const [said] = states.get(host)!
    expect(Object.keys(said!)).toHaveLength(10)
    for (const { version } of Object.values(said!)) expect(version).toMatch(/^s1-[a-z2-7]{26}/)
  })

  test('each edit makes cold what reaches it, and nothing else', async () => {
    const files = new Files(projects.get(host)!)
    const env: Record<string, string> = {}
    for (const edit of stepsOf(host)) {
      edit.apply(files)
      Object.assign(env, edit.env)
      await build()
      const before = states.get(host)!.at(-1)!
      const after = await run(host, env)
      states.get(host)!.push(after)
      const cold = Object.keys(after).filter((name) => after[name]!.key !== before[name]!.key)
      expect({ edit: edit.name, cold }).toEqual({
        edit: edit.name,
        cold: Object.keys(after).filter((name) => edit.cold.includes(name)),
      })
    }
  }, 300_000)
})

test.each(bundlers)('%s: the source map leads from what was minified to the source without its stamp', (host) => {
  const folder = `${projects.get(host)!}/out/${host}`
  const [line, column] = placeOf(readFileSync(`${folder}/main.js`, 'utf8'), /`\$\{\w+\} \$\{/)
  const map = new SourceMap(JSON.parse(readFileSync(`${folder}/main.js.map`, 'utf8')))
  const found = map.findEntry(line, column)
  expect(found).toMatchObject({ originalSource: expect.stringMatching(/src\/pricer\.ts$/) })
  const source = readFileSync(`${projects.get(host)!}/src/pricer.ts`, 'utf8')
  const [originalLine, start] = placeOf(source, /`\$\{\w+\} \$\{/)
  const end = source.split('\n')[originalLine]!.indexOf('`, {')
  expect(found).toMatchObject({ originalLine })
  // Some minifiers name the place of a part of the template.
  const { originalColumn } = found as SourceMapping
  expect(originalColumn).toBeGreaterThanOrEqual(start)
  expect(originalColumn).toBeLessThan(end)
})

test.each(hosts.slice(1))('%s gives the labels, versions and keys of esbuild, before and after every edit', (host) => {
  const expected = states.get('esbuild')!.map(keysOf)
  const ends = [expected[0], expected.at(-1)]
  expect(states.get(host)!.map(keysOf)).toEqual(stepsOf(host) === edits ? expected : ends)
})

;(await describeWith(redisUrl))('over one Redis', () => {
  test('entries of one build answer in every other', async () => {
    const namespace = `shells-${process.pid}-${Date.now().toString(36)}`
    const env = { REDIS_URL: redisUrl, SHOP_NAMESPACE: namespace, SHOP_FEE: '6' }
    const from = (said: Record<string, Said>) => [...new Set(Object.values(said).map((call) => call.from))]
    const [first, ...others] = hosts
    expect(from(await run(first, env))).toEqual(['run'])
    for (const host of others) expect([host, from(await run(host, env))]).toEqual([host, ['store']])
  }, 180_000)
})

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { freePort } from 'servers/port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Project } from './support/project.ts'
import { until } from './support/servers.ts'

/** The line `dev` of package.json, with either compiler. */
const exec = 'node --import @autocache/unplugin/register'

describe.each(['tsc', 'swc'])('nest start --watch, %s', (builder) => {
  let child: ChildProcess
  let project: Project
  let output = ''
  beforeAll(() => {
    project = new Project()
  })
  afterAll(async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM')
    await until(async () => child.exitCode !== null || child.signalCode !== null, 'The end')
    project.remove()
  })

  it('stamps what it starts, and tells the new version after an edit of a helper', async () => {
    output = ''
    const versions = (label: string) =>
      [...output.matchAll(new RegExp(`Cached \\{${label}\\} (s1-\\w+)`, 'g'))].map(([, version]) => version)
    child = spawn(
      process.execPath,
      ['node_modules/@nestjs/cli/bin/nest.js', 'start', '--watch', '--builder', builder, '--exec', exec],
      {
        cwd: project.root,
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          NO_COLOR: '1',
          PORT: String(await freePort()),
          SQLITE_FILE: `${project.root}/data.sqlite`,
        } as never,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data) => (output += data))
    const started = (times: number) =>
      until(async () => output.split('Listening at').length > times, 'A start', 90_000).catch((error: Error) => {
        throw new Error(`${error.message}\n${output}`)
      })
    await started(1)
    const before = versions('ConnectionsService.reach').length
    project.edit('geo/distance.ts', '3958.8', '3958.7')
    await started(2)
    const quotes = new Set(versions('FaresService.quote'))
    expect(quotes.size).toBe(2)
    expect(versions('ConnectionsService.reach').length).toBeGreaterThan(before)
    expect(new Set(versions('ConnectionsService.reach')).size).toBe(1)
    expect(existsSync(`${project.root}/dist/main.js`)).toBe(true)
    expect(readFileSync(`${project.root}/dist/fares/fares.service.js`, 'utf8')).not.toContain('autocacheStamps')
  }, 240_000)
})

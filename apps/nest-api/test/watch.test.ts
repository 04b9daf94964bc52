import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Project } from './support/project.ts'
import { freePort, until } from './support/servers.ts'

describe('nest start --watch', () => {
  const children: ChildProcess[] = []
  let project: Project
  let output = ''
  const run = (args: readonly string[], env: Record<string, string> = {}) => {
    const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' }
    const options = { cwd: project.root, env: { ...inherited, ...env } as never, detached: true }
    const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    children.push(child)
  }
  beforeAll(() => {
    project = new Project()
  })
  afterAll(async () => {
    for (const { pid, exitCode } of children) if (exitCode === null) process.kill(-pid!, 'SIGTERM')
    await until(async () => children.every((child) => child.exitCode !== null || child.signalCode !== null), 'The end')
    project.remove()
  })

  it('restamps and restarts after an edit of a helper, and tells the new version', async () => {
    const versions = (label: string) =>
      [...output.matchAll(new RegExp(`Cached \\{${label}\\} (s1-\\w+)`, 'g'))].map(([, version]) => version)
    run(['stamp.mjs', '--watch'])
    await until(async () => output.includes('Watching'), 'The first stamps')
    run(
      [
        'node_modules/@nestjs/cli/bin/nest.js',
        'start',
        '--watch',
        '--builder',
        'swc',
        '--config',
        'nest-cli.stamped.json',
      ],
      {
        PORT: String(await freePort()),
        SQLITE_FILE: `${project.root}/data.sqlite`,
      },
    )
    const started = (times: number) => until(async () => output.split('Listening at').length > times, 'A start')
    await started(1).catch((error: Error) => {
      throw new Error(`${error.message}\n${output}`)
    })
    const before = versions('ConnectionsService.reach').length
    project.edit('geo/distance.ts', '3958.8', '3958.7')
    await started(2).catch((error: Error) => {
      throw new Error(`${error.message}\n${output}`)
    })
    const quotes = new Set(versions('FaresService.quote'))
    expect(quotes.size).toBe(2)
    expect(versions('ConnectionsService.reach').length).toBeGreaterThan(before)
    expect(new Set(versions('ConnectionsService.reach')).size).toBe(1)
  }, 120_000)
})

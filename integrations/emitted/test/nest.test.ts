/** The command line of Nest, with both of its compilers that write a folder. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { autocache, node, type Said } from './support/commands.ts'
import { Project } from './support/project.ts'

const nest = 'node_modules/@nestjs/cli/bin/nest.js'
const exec = 'node --import @autocache/unplugin/register'
const line = /^\{"label".*\}$/

describe.each(['tsc', 'swc'])('nest with %s', (builder) => {
  let project: Project
  beforeAll(() => {
    project = new Project('nest')
  })
  afterAll(() => project.remove())

  const last = (out: string): Said => JSON.parse(out.trim().split('\n').at(-1)!) as Said

  test('`nest build` and `autocache stamp dist` give the version of the sources, and a build without it does not', async () => {
    const built = await node(project, [nest, 'build', '-b', builder])
    expect(built.code, built.out + built.err).toBe(0)
    const plain = last((await node(project, ['dist/main.js'])).out)
    expect(plain).toMatchObject({ value: 12, version: expect.stringMatching(/^p-/) })

    expect((await autocache(project, 'stamp', 'dist')).code).toBe(0)
    const said = last((await node(project, ['dist/main.js'])).out)
    const { functions } = JSON.parse((await autocache(project, '--json', 'list')).out)
    expect(said).toMatchObject({ label: 'RatesService.gross', value: 12 })
    expect(said.version.split('+')[0]).toBe(functions[0].version.split('+')[0])
  }, 120_000)

  test('`nest start` stamps what it starts with the loader as its --exec, as the stamped build is', async () => {
    const stamped = last((await node(project, ['dist/main.js'])).out)
    const started = await node(project, [nest, 'start', '-b', builder, '--exec', exec])
    const said = started.out.split('\n').find((each) => line.test(each))
    expect(JSON.parse(said!), started.out + started.err).toEqual(stamped)
    expect(project.read('dist/rates.service.js')).not.toContain('autocacheStamps')
  }, 120_000)

  test('`nest start --watch` restamps callers when only their helper was edited', async () => {
    const { VITEST: _, ...env } = process.env
    const args = [nest, 'start', '--watch', '-b', builder, '--exec', exec]
    const child = spawn(process.execPath, args, {
      cwd: project.root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async (isIt: (said: Said) => boolean): Promise<Said> => {
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error('nest ended')
        if (line.test(value) && isIt(JSON.parse(value) as Said)) return JSON.parse(value) as Said
      }
    }
    try {
      const first = await next(() => true)
      expect(first.version).toMatch(/^s1-/)
      project.replace('src/rounding.ts', 'Math.round(value * 100) / 100', 'Math.round(value) + 1')
      const edited = await next(({ value }) => value === 13)
      expect(edited.version).toMatch(/^s1-/)
      expect(edited.version).not.toBe(first.version)
      project.replace('src/rounding.ts', 'Math.round(value) + 1', 'Math.round(value * 100) / 100')
      expect(await next(({ value }) => value === 12)).toEqual(first)
    } finally {
      process.kill(-child.pid!, 'SIGKILL')
    }
  }, 120_000)
})

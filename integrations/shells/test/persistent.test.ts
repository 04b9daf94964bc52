import { afterEach, describe, expect, test } from 'vitest'
import { runProgram, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

let root = ''
afterEach(() => removeProject(root))

/** One process of a host, from start to end. */
async function inOneProcess(script: string, args: readonly string[], request?: string) {
  const child = start(script, args, root)
  try {
    const answer = await child.next(request)
    expect(answer).toMatchObject({ ok: true })
    return answer
  } finally {
    await child.stop()
  }
}

/** What changes what `label` reads, from a module that no stamp depended on. */
const patch = (files: Files) =>
  files.write(
    'src/plain.ts',
    `import { Euro } from './money.ts'\n${files.read('src/plain.ts')}\nEuro.prototype.text = () => 'free'\n`,
  )

describe.each(['rspack', 'webpack'] as const)('the cache of %s on the disk', (host) => {
  const build = () => inOneProcess('drive.mjs', [host], 'build')
  const run = () => runProgram(root, [`out/${host}/main.js`])

  test('hands out no module whose stamps became others since, and keeps the rest', async () => {
    root = copyProject(`persistent ${host}`)
    const files = new Files(root)
    await build()
    const first = await run()

    expect((await build()).built).toEqual([])

    files.replace('src/round.ts', 'Math.round', 'Math.floor')
    const { built } = await build()
    expect(built!.map((name) => name.replace(/^.*\//, '')).sort()).toEqual(['gross.ts', 'round.ts'])
    const second = await run()
    expect(second.gross!.key).not.toBe(first.gross!.key)
    expect(second.label!.key).toBe(first.label!.key)

    patch(files)
    await build()
    const third = await run()
    expect(third.label!.value).toBe('free')
    expect(third.label!.key).not.toBe(second.label!.key)
    expect(third.gross!.key).toBe(second.gross!.key)
  }, 120_000)
})

describe('a host that has rules and no plugins', () => {
  const load = (...args: string[]) => inOneProcess('loading.mjs', args)

  test('sees an edit of a helper by what the loader declares', async () => {
    root = copyProject('loading')
    const files = new Files(root)
    const first = await load()
    expect((await load()).built).toEqual([])
    files.replace('src/round.ts', 'Math.round', 'Math.floor')
    const second = await load()
    expect(second.value.gross).not.toBe(first.value.gross)
    expect(second.value.label).toBe(first.value.label)
  }, 60_000)

  test('sees a new file by the generation, which it would not see without', async () => {
    root = copyProject('loading')
    const files = new Files(root)
    const first = await load()
    files.write('src/free.ts', "import { Euro } from './money.ts'\nEuro.prototype.text = () => 'free'\n")
    expect((await load('--generation=0')).value).toEqual(first.value)
    const second = await load()
    expect(second.value.label).not.toBe(first.value.label)
    expect(second.value.gross).toBe(first.value.gross)
  }, 60_000)
})

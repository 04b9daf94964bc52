import { afterEach, describe, expect, test } from 'vitest'
import { type Child, runProgram, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

let child: Child | undefined
let root = ''

afterEach(async () => {
  await child?.stop()
  removeProject(root)
})

describe.each(['esbuild', 'rolldown', 'rollup', 'rspack', 'vite', 'webpack'] as const)('%s, watching', (host) => {
  const run = () => runProgram(root, [`out/${host}/main.js`])
  /** The program after a build that has it: some hosts build twice for one edit. */
  const runUntil = async (isDone: (said: Awaited<ReturnType<typeof run>>) => boolean) => {
    for (;;) {
      expect(await child!.next()).toEqual({ ok: true })
      const said = await run()
      if (isDone(said)) return said
    }
  }

  test('an edit of a helper alone stamps its callers again, and one of a module that only changes what they read as well', async () => {
    root = copyProject(`watch ${host}`)
    child = start('watch.mjs', [host], root)
    const first = await runUntil(() => true)
    const files = new Files(root)

    files.replace('src/round.ts', 'Math.round', 'Math.floor')
    const second = await runUntil((said) => said.gross!.key !== first.gross!.key)
    expect(second.label!.key).toBe(first.label!.key)

    // No module that is stamped had to do with this one before.
    files.write('src/plain.ts', `import { Euro } from './money.ts'\n${files.read('src/plain.ts')}\nEuro.prototype.text = () => 'free'\n`)
    const third = await runUntil((said) => said.label!.value === 'free')
    expect(third.label!.key).not.toBe(second.label!.key)
    expect(third.gross!.key).toBe(second.gross!.key)
  }, 60_000)
})

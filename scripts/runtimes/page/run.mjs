// Runs one test file of core inside this runtime and returns what became of each test.

import { files, usingBuffer } from 'autocache:files'
import { startTests } from '@vitest/runner'
import { reasonToSkip } from '../tests.mjs'
import { Buffer } from './globals.mjs'

const limit = 30_000

/** @returns {Promise<{ name: string, state: string, note?: string, error?: string }[]>} */
export async function run(runtime, name) {
  const stray = []
  const onStray = (event) => stray.push({ name: 'an unhandled rejection', state: 'fail', error: textOf(event.reason) })
  addEventListener('unhandledrejection', onStray)
  if (usingBuffer.includes(name)) globalThis.Buffer = Buffer
  else delete globalThis.Buffer
  const [file] = await startTests([name], {
    config: {
      root: '/',
      setupFiles: [],
      passWithNoTests: false,
      allowOnly: false,
      sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
      maxConcurrency: 1,
      testTimeout: limit,
      hookTimeout: limit,
      retry: 0,
      tags: [],
      strictTags: false,
    },
    importFile: () => files[name](),
    onBeforeRunTask(test) {
      const reason = reasonToSkip(runtime, name, titleOf(test))
      if (reason === undefined || test.mode !== 'run') return
      test.mode = 'skip'
      test.result = { state: 'skip', note: reason }
    },
  })
  // What was rejected in the last test is told one turn later.
  await new Promise((resolve) => setTimeout(resolve, 0))
  removeEventListener('unhandledrejection', onStray)
  const failures = file.result?.state === 'fail' ? (file.result.errors ?? []) : []
  return [
    ...testsOf(file).map((test) => ({
      name: titleOf(test),
      state: test.result?.state ?? test.mode,
      note: test.result?.note ?? test.meta.needs,
      error: test.result?.errors?.map(textOf).join('\n'),
    })),
    ...failures.map((error) => ({ name: 'the file', state: 'fail', error: textOf(error) })),
    ...stray,
  ]
}

const testsOf = (task) => (task.type === 'test' ? [task] : task.tasks.flatMap(testsOf))
const titleOf = (test) => (test.suite && test.suite !== test.file ? `${titleOf(test.suite)} > ${test.name}` : test.name)
const textOf = (error) =>
  [error?.stack ?? String(error), error?.diff, error?.cause && `caused by ${textOf(error.cause)}`]
    .filter(Boolean)
    .join('\n')

// Before each test file under Vitest: that this is the runtime it is said to be, and which tests it does not run.
import { beforeEach } from 'vitest'
import { reasonToSkip } from './tests.mjs'

const { AUTOCACHE_RUNTIME: runtime, AUTOCACHE_RUNTIME_VERSION: version } = process.env
const { bun, deno, node } = process.versions
const found = bun ?? deno ?? node
if (found !== version || (bun ? 'bun' : deno ? 'deno' : `node${node.split('.')[0]}`) !== runtime)
  throw new Error(
    `these tests were to run in ${runtime} ${version}, and this is ${JSON.stringify({ bun, deno, node })}`,
  )

const titleOf = (task) => (task.suite && task.suite !== task.file ? `${titleOf(task.suite)} > ${task.name}` : task.name)

beforeEach(({ task, skip }) => {
  const reason = reasonToSkip(runtime, task.file.name, titleOf(task))
  if (reason !== undefined) skip(reason)
})

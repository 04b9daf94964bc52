// The project `core` of this repository, for the runtime that runs this file.
import root from '../../vitest.config.ts'
import { entriesOf } from './tests.mjs'

const core = root.test.projects.find(({ test }) => test.name === 'core')
const runtime = process.env.AUTOCACHE_RUNTIME

export default {
  ...core,
  root: 'packages/core',
  test: {
    ...core.test,
    maxWorkers: root.test.maxWorkers,
    typecheck: { enabled: false },
    setupFiles: [`${import.meta.dirname}/setup.mjs`],
    exclude: entriesOf(runtime).flatMap(({ file, title }) => (title ? [] : [file])),
  },
}

// The page: Playwright calls what it puts on `globalThis`.
import { run } from './run.mjs'

globalThis.runTests = (file) => run('browser', file)

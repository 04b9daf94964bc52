// The page: Playwright calls what it puts on `window`.
import { names, run } from './run.mjs'
import './program.ts'

Object.assign(globalThis, { names, run: (file) => run('browser', file) })

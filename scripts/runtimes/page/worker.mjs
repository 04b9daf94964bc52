// The worker: `/` names its test files, `/<runtime>/<file>` runs one.
import { names, run } from './run.mjs'
import './program.ts'

export default {
  async fetch(request, { unsafeEval }) {
    globalThis.newFunction = (body, ...parameters) => unsafeEval.newFunction(body, 'anonymous', ...parameters)
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1)
    if (path === '') return Response.json(names)
    return Response.json(await run('workerd', path))
  },
}

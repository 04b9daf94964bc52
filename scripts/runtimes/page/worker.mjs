// The worker: `/<test file>` runs it.
import { run } from './run.mjs'

export default {
  async fetch(request, { unsafeEval }) {
    globalThis.newFunction = (body, ...parameters) => unsafeEval.newFunction(body, 'anonymous', ...parameters)
    return Response.json(await run('workerd', decodeURIComponent(new URL(request.url).pathname).slice(1)))
  },
}

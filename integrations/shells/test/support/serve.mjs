// The dev server of Vite as `vite` starts it, with its socket: node serve.mjs, in the project. Says where it listens; each line on
// standard input is a module that the module runner of the server is to run, and the answer is what its
// `answer` gives. What the modules keep there outlives them.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer } from 'vite'

const root = process.cwd()
globalThis.kept = new Map()
const server = await createServer({
  root,
  configFile: join(root, 'vite.config.js'),
  logLevel: 'silent',
  server: { host: '127.0.0.1', port: Number(process.argv[2]) },
})
await server.listen()
console.log(JSON.stringify({ ok: true, value: server.resolvedUrls.local[0] }))

for await (const url of createInterface({ input: process.stdin })) {
  try {
    const { answer } = await server.environments.ssr.runner.import(url)
    console.log(JSON.stringify({ ok: true, value: await answer() }))
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error.stack ?? error) }))
  }
}

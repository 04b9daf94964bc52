// A dev server of Vite over a project: node dev.mjs [--without], in the project. Each line on standard input is one request, of
// JSON; each answer is one line of JSON.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer } from 'vite'

const root = process.cwd()
const without = process.argv.includes('--without')
const server = await createServer({
  root,
  logLevel: 'silent',
  appType: 'custom',
  server: { middlewareMode: true, ws: false },
  ...(without ? { configFile: false } : { configFile: join(root, 'vite.config.js') }),
})
await server.watcher._readyPromise
const { client, ssr } = server.environments

/** What the browser would be told. */
let payloads = []
const { send } = client.hot
client.hot.send = (payload, ...rest) => {
  payloads.push(payload)
  return send.call(client.hot, payload, ...rest)
}

const nextPayload = async () => {
  for (;;) {
    const payload = payloads.find(({ type }) => type === 'update' || type === 'full-reload')
    if (payload) return payload
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const requests = {
  /** The version that a module has in what the browser would get. */
  async version({ url }) {
    const { code } = await client.transformRequest(url)
    return /s1-[a-z2-7]{26}/.exec(code)?.[0]
  },
  /** What a module exports, run on the server. */
  async exported({ url, name }) {
    const module = await server.ssrLoadModule(url)
    return { version: module[name].version, value: await module[name](10) }
  },
  /** Edits a file, and waits until the browser would be told. How long all of it took until `urls` were transformed again. */
  async edit({ file, from, to, urls = [] }) {
    const path = join(root, file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    payloads = []
    const seen = new Promise((resolve) => server.watcher.once('change', resolve))
    writeFileSync(path, text.replaceAll(from, to))
    await seen
    const started = performance.now()
    const payload = await nextPayload()
    for (const url of urls) await client.transformRequest(url)
    return { milliseconds: performance.now() - started, updates: (payload.updates ?? []).map(({ path }) => path) }
  },
}

console.log(JSON.stringify({ ok: true }))
for await (const line of createInterface({ input: process.stdin })) {
  const { kind, ...request } = JSON.parse(line)
  try {
    console.log(JSON.stringify({ ok: true, value: await requests[kind](request) }))
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error.stack ?? error) }))
  }
}

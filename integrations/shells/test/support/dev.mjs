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
const { client } = server.environments
const isWatched = () => server.watcher.getWatched()[join(root, 'src')]?.includes('main.ts')
while (!isWatched()) await new Promise((resolve) => setTimeout(resolve, 5))

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

/** How long it took from the word of the watcher until the browser would be told and `urls` were transformed again. */
async function write(file, text, urls) {
  // The watcher drops a second change of a file within 50 ms of the first.
  await new Promise((resolve) => setTimeout(resolve, 100))
  payloads = []
  const seen = new Promise((resolve) => server.watcher.once('change', resolve))
  writeFileSync(join(root, file), text)
  await seen
  const started = performance.now()
  const payload = await nextPayload()
  for (const url of urls) await client.transformRequest(url)
  return { milliseconds: performance.now() - started, updates: (payload.updates ?? []).map(({ path }) => path) }
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
  /** Edits a file, and waits until the browser would be told. */
  edit({ file, from, to }) {
    const text = readFileSync(join(root, file), 'utf8')
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    return write(file, text.replaceAll(from, to), [])
  },
  /** Replaces the lines of a file that start like this by one text. */
  line({ file, start, text, urls }) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    const place = lines.findIndex((line) => line.startsWith(start))
    const rest = lines.filter((line, at) => at !== place && !line.startsWith('export const more'))
    return write(file, [...rest.slice(0, place), text, ...rest.slice(place)].join('\n'), urls)
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

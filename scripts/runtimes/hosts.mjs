// workerd and Chromium as places to run a bundle in: `runTests(file)`, `runProgram()`, `close()`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** For one test file; beyond it the runtime hangs. */
const limit = 120_000

const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "tests", worker = (
      modules = [(name = "tests.mjs", esModule = embed "tests.mjs")],
      # For the tests that make functions from text; core has no use for it.
      bindings = [(name = "unsafeEval", unsafeEval = void)],
      compatibilityDate = "2026-07-30",
    )),
    (name = "program", worker = (
      modules = [(name = "program.mjs", esModule = embed "program.mjs")],
      compatibilityDate = "2026-07-30",
    )),
  ],
  sockets = [
    (name = "tests", address = "127.0.0.1:0", http = (), service = "tests"),
    (name = "program", address = "127.0.0.1:0", http = (), service = "program"),
  ],
);
`

export async function serveWorkerd(program, folder) {
  const path = join(folder, 'config.capnp')
  writeFileSync(path, config)
  const child = spawn(program, ['serve', '--experimental', '--control-fd=3', path], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ports = await new Promise((resolve, reject) => {
    const found = {}
    let text = ''
    child.stdio[3].on('data', (data) => {
      text += data
      for (const line of text.split('\n').slice(0, -1)) {
        const { event, socket, port } = JSON.parse(line)
        if (event === 'listen') found[socket] = port
      }
      if (found.tests && found.program) resolve(found)
    })
    child.on('error', reject)
    child.on('exit', (status) => reject(new Error(`workerd ended with ${status}\n${said}`)))
  })
  const ask = async (port, path) => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(limit) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${text}\n${said}`)
    return JSON.parse(text)
  }
  return {
    version: readVersion(program, '../../package.json'),
    runTests: (file) => ask(ports.tests, encodeURIComponent(file)),
    async runProgram() {
      // Requests share the isolate, its memory and the flight of the first of them.
      const runs = await Promise.all([1, 2, 3].map(() => ask(ports.program, 'a')))
      return outcome([...runs, await ask(ports.program, 'a')])
    },
    async close() {
      child.removeAllListeners('exit')
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill()
      await ended
    },
  }
}

export async function serveChromium(executablePath, folder, chromium) {
  const pages = { '/tests': 'tests.mjs', '/program': 'program.mjs' }
  const server = createServer(({ url }, response) => {
    // A page apart from all others has SharedArrayBuffer.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (pages[url]) {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(`<!doctype html><body><script type="module" src="/${pages[url]}"></script>`)
    } else if (Object.values(pages).includes(url.slice(1))) {
      response.setHeader('content-type', 'text/javascript; charset=utf-8')
      response.end(readFileSync(join(folder, url.slice(1))))
    } else {
      response.statusCode = 404
      response.end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${server.address().port}`

  const profile = mkdtempSync(join(tmpdir(), 'autocache-chromium-'))
  const flags = '--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update'
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [...flags.split(' '), '--disable-sync', ...root],
  })
  const open = async (path) => {
    const page = await context.newPage()
    page.setDefaultTimeout(limit)
    const errors = []
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
    await page.goto(origin + path, { waitUntil: 'load' })
    return { page, errors }
  }
  const within = (promise, page) =>
    Promise.race([
      promise,
      new Promise((_, reject) => {
        page.once('crash', () => reject(new Error('the page crashed')))
        setTimeout(reject, limit, new Error(`no answer within ${limit / 1000} s`)).unref()
      }),
    ])
  return {
    version: context.browser()?.version() ?? '',
    // A page for each file: what one leaves behind does not reach the next.
    async runTests(file) {
      const { page, errors } = await open('/tests')
      try {
        if (!(await page.evaluate(() => 'runTests' in globalThis))) throw new Error(errors.join('\n'))
        return await within(
          page.evaluate((name) => globalThis.runTests(name), file),
          page,
        )
      } finally {
        await page.close()
      }
    },
    async runProgram() {
      const { page, errors } = await open('/program')
      try {
        if (!(await page.evaluate(() => 'answer' in globalThis))) throw new Error(errors.join('\n'))
        const ask = () => page.evaluate(() => globalThis.answer('a'))
        return outcome([...(await Promise.all([ask(), ask(), ask()])), await ask()])
      } finally {
        await page.close()
      }
    },
    async close() {
      await context.close()
      await new Promise((resolve) => server.close(resolve))
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

const readVersion = (program, path) => JSON.parse(readFileSync(join(program, path), 'utf8')).version

/** All answers of the program are of its one run, under the key that every runtime derives. */
export function outcome(answers) {
  const expected = JSON.stringify({
    value: 'a:1',
    key: 'program:load:x-1:~_NyRNnRsZOpipf6iBmCa8drmzwg8YlUYmMPLHpmOHw4',
    sync: 'aa',
    ring: 'end',
  })
  const wrong = answers.map((answer) => JSON.stringify(answer)).find((answer) => answer !== expected)
  return wrong === undefined ? { state: 'pass' } : { state: 'fail', error: `expected ${expected}\nfound    ${wrong}` }
}

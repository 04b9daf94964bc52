import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { TestRepository } from './support/repository.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const script = at('../action/comment.mjs')
const bin = at('../dist/bin.js')

interface Comment {
  readonly id: number
  body: string
  readonly user: { readonly type: string }
}

/** The part of the REST API that the script uses. */
class Api {
  readonly comments: Comment[] = []
  readonly requests: string[] = []
  readonly tokens = new Set<string | undefined>()
  mayWrite = true
  head = ''
  #server: Server | undefined

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    })
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const url = new URL(request.url!, 'http://api')
    this.requests.push(`${request.method} ${url.pathname}`)
    this.tokens.add(request.headers.authorization)
    let text = ''
    for await (const chunk of request) text += chunk
    const refused = { status: 403, body: { message: 'Resource not accessible by integration' } }
    if (request.method === 'GET' && url.pathname === '/repos/me/shop/issues/7/comments') {
      const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))]
      return { status: 200, body: this.comments.slice((page - 1) * size, page * size) }
    }
    if (request.method === 'GET' && url.pathname === '/repos/me/shop/pulls/7')
      return { status: 200, body: { head: { sha: this.head } } }
    if (request.method === 'POST' && url.pathname === '/repos/me/shop/issues/7/comments') {
      if (!this.mayWrite) return refused
      const { body } = JSON.parse(text) as { body: string }
      const comment = { id: 1000 + this.comments.length, body, user: { type: 'Bot' } }
      this.comments.push(comment)
      return { status: 201, body: comment }
    }
    const id = /^\/repos\/me\/shop\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]
    const known = this.comments.find((one) => one.id === Number(id))
    if (request.method !== 'PATCH' || !known) return { status: 404, body: {} }
    if (!this.mayWrite) return refused
    known.body = (JSON.parse(text) as { body: string }).body
    return { status: 200, body: known }
  }

  stop(): void {
    this.#server?.close()
  }
}

let repository: TestRepository
let base: string
let scratch: string
beforeAll(() => {
  if (!existsSync(bin)) throw new Error(`${bin} is missing: npm run build`)
  repository = new TestRepository()
  repository.write({
    'package.json': '{ "name": "shop", "type": "module" }\n',
    'src/tax.ts': 'export const tax = (net: number) => net * 1.2\n',
    'src/price.ts': [
      "import { cached } from '@autocache/core'",
      "import { tax } from './tax.ts'",
      'export const gross = cached((net: number) => tax(net))',
      'export const half = cached((net: number) => net / 2)',
      '',
    ].join('\n'),
  })
  base = repository.commit()
  repository.git('checkout', '--quiet', '-b', 'change')
  repository.write({ 'src/tax.ts': 'export const tax = (net: number) => net * 1.25\n' })
  repository.commit()
  scratch = mkdtempSync(join(tmpdir(), 'autocache action '))
})
afterAll(() => {
  repository.close()
  rmSync(scratch, { recursive: true, force: true })
})

let api: Api
let url: string
beforeEach(async () => {
  api = new Api()
  url = await api.start()
})
afterEach(() => api.stop())

/** Runs the script as a job would. */
function run(
  event: object,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; summary: string }> {
  const summary = join(scratch, 'summary.md')
  rmSync(summary, { force: true })
  writeFileSync(join(scratch, 'event.json'), JSON.stringify(event))
  const given = {
    GITHUB_EVENT_PATH: join(scratch, 'event.json'),
    GITHUB_REPOSITORY: 'me/shop',
    GITHUB_API_URL: url,
    GITHUB_TOKEN: 'secret-token',
    GITHUB_STEP_SUMMARY: summary,
    AUTOCACHE_COMMAND: `'${process.execPath}' '${bin}'`,
    PATH: process.env.PATH!,
    ...env,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { cwd: repository.folder, env: given }, (error, out, err) => {
      resolve({
        code: error ? Number(error.code) : 0,
        out: out + err,
        summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '',
      })
    })
  })
}

const pull = () => ({ pull_request: { number: 7, base: { sha: base } } })

describe('the action', () => {
  it('comments what the pull request makes cold, and writes that comment anew with the next push', async () => {
    expect(await run(pull())).toMatchObject({ code: 0 })
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]!.body).toMatch(/^<!-- autocache diff \. -->\n/)
    expect(api.comments[0]!.body).toContain('gross')
    expect([...api.tokens]).toEqual(['Bearer secret-token'])

    api.requests.length = 0
    await run(pull())
    expect(api.requests).toEqual(['GET /repos/me/shop/issues/7/comments'])

    repository.write({
      'src/price.ts': `${readFileSync(join(repository.folder, 'src/price.ts'), 'utf8')}// more\nexport const third = cached((net: number) => net / 3)\n`,
    })
    repository.commit()
    await run(pull())
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]!.body).toContain('third')
  }, 60_000)

  it('finds its comment behind a hundred others, and leaves those of people alone', async () => {
    for (let id = 0; id < 130; id += 1)
      api.comments.push({ id, body: '<!-- autocache diff . -->', user: { type: 'User' } })
    api.comments.push({ id: 130, body: '<!-- autocache diff . -->\nold', user: { type: 'Bot' } })
    expect(await run(pull())).toMatchObject({ code: 0 })
    expect(api.comments).toHaveLength(131)
    expect(api.comments[130]!.body).toContain('gross')
    expect(api.comments[0]!.body).toBe('<!-- autocache diff . -->')
  }, 60_000)

  it('a run that may not comment puts the report into the summary, and does not fail', async () => {
    api.mayWrite = false
    const { code, out, summary } = await run(pull())
    expect(code).toBe(0)
    expect(out).toContain('::notice title=autocache diff::This run may not comment (status 403)')
    expect(summary).toContain('gross')
  }, 60_000)

  it('a run without a token, as a fork has where the token is a secret, puts the report into the summary, and does not fail', async () => {
    const { code, out, summary } = await run(pull(), { GITHUB_TOKEN: '' })
    expect(code).toBe(0)
    expect(out).toContain('::notice title=autocache diff::This run may not comment (no token)')
    expect(summary).toContain('gross')
    expect(api.requests).toEqual([])
  }, 60_000)

  it('fails for cold functions where it is told to, after it has commented', async () => {
    expect(await run(pull(), { AUTOCACHE_FAIL_ON_COLD: 'true' })).toMatchObject({ code: 1 })
    expect(api.comments).toHaveLength(1)
  }, 60_000)

  it('a report of a run without rights is commented by another run, on the pull request of that commit only', async () => {
    const folder = join(scratch, 'report')
    mkdirSync(folder, { recursive: true })
    expect(await run(pull(), { AUTOCACHE_REPORT: folder })).toMatchObject({ code: 0 })
    expect(api.requests).toEqual([])

    api.head = 'abc'
    await run({ workflow_run: { head_sha: 'other' } }, { AUTOCACHE_REPORT: folder })
    expect(api.comments).toEqual([])
    expect(await run({ workflow_run: { head_sha: 'abc' } }, { AUTOCACHE_REPORT: folder })).toMatchObject({ code: 0 })
    expect(api.comments[0]!.body).toContain('gross')

    writeFileSync(join(folder, 'pull-request'), '7/../8')
    expect(await run({ workflow_run: { head_sha: 'abc' } }, { AUTOCACHE_REPORT: folder })).toMatchObject({ code: 2 })
  }, 60_000)

  it.each([
    ['no pull request', {}, {}, 'There is no pull request.'],
    ['a base that is an option', pull, { AUTOCACHE_BASE: '--help' }, '--help is no revision.'],
    ['a base that is no revision', pull, { AUTOCACHE_BASE: 'nowhere' }, 'autocache diff ended with status 2.'],
    [
      'a command that is not there',
      pull,
      { AUTOCACHE_COMMAND: 'no-such-command' },
      'autocache diff ended with status 127.',
    ],
  ] as const)(
    '%s ends with status 2 and an annotation',
    async (_name, event, env, said) => {
      const { code, out } = await run(typeof event === 'function' ? event() : event, env)
      expect(code).toBe(2)
      expect(out).toContain(`::error title=autocache diff::${said}`)
      expect(out).not.toContain('secret-token')
    },
    60_000,
  )
})

describe('the pages', () => {
  const action = parse(readFileSync(at('../action/action.yml'), 'utf8'))
  const page = readFileSync(at('../../../docs/ci.md'), 'utf8')
  const workflows = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text!))

  it('the action is a composite one that runs its script with its inputs, and none of them in a line of shell', () => {
    expect(action.runs).toMatchObject({ using: 'composite' })
    const [step] = action.runs.steps
    expect(step.run).toBe('node "$GITHUB_ACTION_PATH/comment.mjs"')
    for (const name of Object.keys(action.inputs)) expect(JSON.stringify(step.env)).toContain(`inputs.${name} }}`)
  })

  it('every workflow of the page parses, names its permissions, and uses nothing but GitHub and this action', () => {
    expect(workflows).toHaveLength(3)
    for (const { permissions, jobs } of workflows) {
      expect(permissions.contents).toBe('read')
      for (const { steps } of Object.values<any>(jobs)) {
        for (const { uses } of steps)
          if (uses)
            expect(uses).toMatch(
              /^(?:actions\/(?:checkout|upload-artifact)@v4|\.\/node_modules\/@autocache\/cli\/action)$/,
            )
      }
    }
  })

  it('the page names every input of the action', () => {
    for (const name of Object.keys(action.inputs)) expect(page).toContain(`\`${name}\``)
  })
})

/** The application as a visitor sees it: by fetch, in Chromium, and in Chromium without JavaScript. */
import { spawn } from 'node:child_process'
import { cpSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { freePort } from 'servers/port'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))
/** A copy, so that edits of the test and the build of a reader do not meet. */
const folder = join(home, '..', '..', '.cache', 'next', 'shop')
const next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next')
const env = { PATH: process.env.PATH, HOME: process.env.HOME, NEXT_TELEMETRY_DISABLED: '1' }

vi.setConfig({ testTimeout: 120_000 })

let browser: Browser
let url: string
let stop: () => Promise<void>

function run(args: string[]) {
  const child = spawn(process.execPath, [next, ...args], { cwd: folder, env: env as never })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += String(chunk)))
  return { child, log: () => log }
}

async function build(): Promise<void> {
  const { child, log } = run(['build'])
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(log())
}

async function start(): Promise<void> {
  const port = await freePort()
  const { child, log } = run(['start', '-p', String(port), '-H', '127.0.0.1'])
  while (!log().includes('Ready in')) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(log())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  url = `http://127.0.0.1:${port}`
  stop = async () => {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill()
    await ended
  }
}

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  const skipped = /[\\/](?:node_modules|\.next|test|\.cache)(?:[\\/]|$)/
  cpSync(home, folder, { recursive: true, filter: (path) => !skipped.test(path.slice(home.length - 1)) })
  symlinkSync(realpathSync(join(home, 'node_modules')), join(folder, 'node_modules'))
  await build()
  await start()
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
}, 900_000)
afterAll(async () => {
  await browser?.close()
  await stop?.()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function visit(path: string, javaScriptEnabled = true): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled })
  const page = await context.newPage()
  await page.goto(url + path)
  return page
}

const patience = { timeout: 30_000 }

const state = (page: Page, id: string) => page.locator(`#${id}`).getAttribute('data-state')

test('the second visitor of the report gets it from the cache, by the page and by the route', async () => {
  const first = (await (await fetch(`${url}/api/report`)).json()) as { computedAt: string; milliseconds: number }
  const page = await visit('/report')
  expect(['fresh', 'stale']).toContain(await state(page, 'report'))
  const again = (await (await fetch(`${url}/api/report`)).json()) as typeof first & { hours: number }
  expect(again).toMatchObject({ hours: 24 })
  expect(again.milliseconds).toBeLessThan(first.milliseconds)
  await page.context().close()
})

test('autocache is right where unstable_cache is not', async () => {
  const page = await visit('/side-by-side')
  const cells = page.locator('td[data-job]')
  await expect.poll(() => cells.count()).toBe(9)
  const found = await cells.evaluateAll((all) =>
    all.map((cell) => [cell.getAttribute('data-kind'), cell.getAttribute('data-right')].join(' ')),
  )
  expect(found.filter((answer) => answer === 'autocache true')).toHaveLength(3)
  expect(found.filter((answer) => answer === 'unstable_cache false')).toHaveLength(3)
  expect(found.filter((answer) => answer === '‘use cache’ true')).toHaveLength(3)
  await page.context().close()
})

test.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('%s a Server Action ends one entry, and what it renders is new', async (_, enabled) => {
  await (await visit('/change')).context().close()
  const page = await visit('/change', enabled)
  await expect.poll(() => state(page, 'japan')).toBe('fresh')
  await page.getByRole('button', { name: 'End Japan' }).click()
  await expect.poll(() => state(page, 'japan'), patience).toBe('miss')
  expect(await state(page, 'peru')).toBe('fresh')
  // Not a reload: without JavaScript that would send the form once more.
  await page.goto(`${url}/change`)
  await expect.poll(() => state(page, 'japan')).toBe('fresh')
  await page.context().close()
})

test('every page has one heading, a language, a way to its content, and names for what can be used', async () => {
  for (const path of ['/', '/atlas', '/atlas/japan', '/report', '/change', '/side-by-side']) {
    const page = await visit(path)
    expect(await page.locator('h1').count(), path).toBe(1)
    expect(await page.locator('html').getAttribute('lang'), path).toBe('en')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent(), path).toContain('Skip to content')
    const unnamed = await page
      .locator('a, button, meter')
      .evaluateAll((all) => all.filter((one) => !(one.getAttribute('aria-label') ?? one.textContent)?.trim()).length)
    expect(unnamed, path).toBe(0)
    await page.context().close()
  }
})

test('on a phone nothing but tables scrolls sideways, and those are reached with the keyboard', async () => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } })
  const page = await context.newPage()
  for (const path of ['/', '/atlas', '/atlas/japan', '/report', '/change', '/side-by-side']) {
    await page.goto(url + path)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(360)
    for (const table of await page.locator('main table').all()) {
      const around = table.locator('xpath=..')
      expect(await around.getAttribute('aria-label'), path).toMatch(/./)
      await around.focus()
      expect(await around.evaluate((element) => element === document.activeElement), path).toBe(true)
    }
  }
  await context.close()
})

test('after a deploy that changed one helper, what reaches it is computed again and the rest is warm', async () => {
  const page = await visit('/change')
  await expect.poll(() => state(page, 'all')).toMatch(/./)
  await page.context().close()
  const before = (await (await fetch(`${url}/api/report`)).json()) as { computedAt: string }
  await stop()
  const file = join(folder, 'lib', 'mean.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace('/ list.length', '/ list.length + 1'))
  await build()
  await start()
  const atlas = await visit('/change')
  await expect.poll(() => state(atlas, 'all')).toBe('fresh')
  await expect.poll(() => state(atlas, 'japan')).toBe('fresh')
  await atlas.context().close()
  const after = (await (await fetch(`${url}/api/report`)).json()) as { computedAt: string; state: string }
  expect(after.state).toBe('miss')
  expect(after.computedAt).not.toBe(before.computedAt)
}, 900_000)

import { type Browser, chromium, type Page } from 'playwright-core'
import { freePort } from 'servers/port'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Child, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { addPage, type Shown } from './support/page.ts'
import { copyProject, removeProject } from './support/project.mjs'

vi.setConfig({ testTimeout: 120_000 })

const root = copyProject('hot')
const files = new Files(root)
let browser: Browser
let page: Page
let child: Child
let url: string

const shown = async (): Promise<Shown> => JSON.parse((await page.locator('output').textContent())!)

/** What the page shows once it was shown again, and not by being loaded again. */
async function shownAfter(before: Shown): Promise<Shown> {
  return vi.waitFor(
    async () => {
      const now = await shown()
      expect(now.shown).toBe(before.shown + 1)
      expect(now.started).toBe(before.started)
      return now
    },
    { timeout: 60_000, interval: 50 },
  )
}

beforeAll(async () => {
  addPage(files)
  files.write(
    'src/runner.ts',
    [
      "import { createAutocache } from '@autocache/core'",
      "import { keyvStore } from '@autocache/keyv'",
      "import { Keyv } from 'keyv'",
      "import { round } from './round.ts'",
      '// What outlives the modules, as a server of its own does.',
      'const { kept } = globalThis as unknown as { kept: Map<string, unknown> }',
      "const cache = createAutocache({ store: keyvStore(new Keyv({ store: kept })), namespace: 'runner', ttl: '1h' })",
      'const start = 0',
      'export const gross = cache.cached(async (net: number) => round(net * 1.2345))',
      'export async function answer() {',
      '  let runs = start',
      "  const off = cache.on('fill', () => void (runs += 1))",
      '  const value = await gross(10)',
      '  off()',
      '  return { value, runs, version: gross.version }',
      '}',
    ].join('\n'),
  )
  child = start('serve.mjs', [String(await freePort())], root)
  url = (await child.next()).value
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  page = await browser.newPage()
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await child?.stop()
  removeProject(root)
})

test('in a page an edit of a helper alone computes anew what calls it, and a comment there computes nothing', async () => {
  let loads = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest()) loads += 1
  })
  await page.goto(`${url}page.html`)
  await page.waitForFunction(() => document.querySelector('output')?.textContent !== '')
  const first = await shown()
  expect(first).toMatchObject({ value: 6, other: 30, computed: ['price', 'other'], shown: 1 })
  expect(first.version).toMatch(/^s1-[a-z2-7]{26}$/)
  // A dependency that is only found when it is asked for would have loaded the page anew.
  expect(loads).toBe(1)
  await page.reload()
  const loaded = await vi.waitFor(async () => {
    const now = await shown()
    expect(now.started).not.toBe(first.started)
    return now
  })
  expect(loaded).toMatchObject({ value: 6, computed: [], version: first.version })

  files.replace('src/page/half.ts', 'A helper.', 'Half of it.')
  const commented = await shownAfter(loaded)
  expect(commented).toMatchObject({ value: 6, computed: [], version: first.version })

  files.replace('src/page/half.ts', 'net / 2', 'net / 4')
  const edited = await shownAfter(commented)
  expect(edited).toMatchObject({ value: 3.5, other: 30, computed: ['price'] })
  expect(edited.version).not.toBe(first.version)

  files.replace('src/page/half.ts', 'net / 4', 'net / 2')
  expect(await shownAfter(edited)).toMatchObject({ value: 6, computed: [], version: first.version })
})

test('in the module runner of the server an edit of a helper alone computes anew what calls it, and a comment there computes nothing', async () => {
  const ask = async () => (await child.next('/src/runner.ts')).value
  /** What the runner answers once it has the edit. */
  const until = (isDone: (said: { value: number; runs: number; version: string }) => boolean) =>
    vi.waitFor(
      async () => {
        const said = await ask()
        expect(isDone(said)).toBe(true)
        return said
      },
      { timeout: 60_000, interval: 50 },
    )
  const first = await ask()
  expect(first).toMatchObject({ value: 12.35, runs: 1, version: expect.stringMatching(/^s1-/) })

  files.replace('src/round.ts', 'Rounds to cents.', 'Makes cents.')
  // The constant shows that the module was run again; it is in no version.
  files.replace('src/runner.ts', 'start = 0', 'start = 100')
  const commented = await until(({ runs }) => runs >= 100)
  expect(commented).toEqual({ value: 12.35, runs: 100, version: first.version })

  files.replace('src/round.ts', 'Math.round', 'Math.floor')
  const edited = await until(({ value }) => value === 12.34)
  expect(edited.version).not.toBe(first.version)
  expect(edited.runs).toBe(101)
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { built, digest } from '../src/plumbing.ts'

const root = mkdtempSync(join(tmpdir(), 'autocache-built-'))
afterAll(() => rmSync(root, { recursive: true }))

const map = '\n//# sourceMappingURL=x.js.map'
const mark = (text: string) => digest(text).slice(0, 16)
const plain = { 'main.js': `main${map}`, 'lib/helper.js': `helper${map}`, 'rates.json': '{}' }
const stamped = mark(
  Object.entries(plain)
    .map(([name, text]) => `${name} ${mark(text)}`)
    .sort()
    .join('\n'),
)

let folders = 0
let folder: string
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})

beforeEach(() => {
  folders += 1
  folder = join(root, String(folders))
  for (const [name, text] of Object.entries(plain)) write(name, text)
  // As `autocache stamp` leaves a file.
  write('main.js', `stamps${plain['main.js']}\n//# autocacheStamps=${mark(plain['main.js'])};0,6\n`)
  warn.mockClear()
})

const versionIn = (own = 'main.js', where = pathToFileURL(join(folder, own)).href) => built(where, own, stamped)('s1-a')

describe('a version of a stamped folder', () => {
  test('is given out as long as the folder is what it was', () => {
    expect(versionIn()).toBe('s1-a')
    expect(versionIn('lib/helper.js')).toBe('s1-a')
    expect(versionIn('main.js', join(folder, 'main.js'))).toBe('s1-a')
    expect(warn).not.toHaveBeenCalled()
  })

  test.each([
    ['a helper that was built anew', () => write('lib/helper.js', `other${map}`)],
    ['a copy of JSON', () => write('rates.json', '{"a":1}')],
    ['a file that was added', () => write('more.js', `more${map}`)],
    ['a file that is gone', () => rmSync(join(folder, 'rates.json'))],
  ])('is one of this process with %s', (_, edit) => {
    edit()
    expect(versionIn()).toMatch(/^p-[\w-]{22}-s1-a$/)
    expect(versionIn('lib/helper.js')).toBe(versionIn())
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]![0]).toContain('was built in part since `autocache stamp` wrote into it')
  })

  test('does not ask for what others put there', () => {
    write('public/client.js', 'no map')
    write('package.json', '{}')
    write('node_modules/a/index.js', `a${map}`)
    expect(versionIn()).toBe('s1-a')
  })

  test('is believed where the module does not stand where it was stamped, as in a bundle', () => {
    write('lib/helper.js', `other${map}`)
    expect(versionIn('main.js', pathToFileURL(join(folder, 'bundle.js')).href)).toBe('s1-a')
    expect(versionIn('main.js', 'https://example.com/main.js')).toBe('s1-a')
    expect(versionIn('main.js', pathToFileURL(join(root, 'gone/main.js')).href)).toBe('s1-a')
  })
})

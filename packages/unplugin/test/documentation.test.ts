import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = readdirSync(join(root, 'docs/build'))
const { exports } = JSON.parse(read('packages/unplugin/package.json')) as { exports: Record<string, string> }

/** Fences that begin with the name of a file of the project. */
const shown = (text: string) =>
  [...text.matchAll(/```js\n\/\/ ([\w.]+)\n([\s\S]*?)```/g)].map(([, file, body]) => ({ file: file!, body: body! }))

describe('the page of a host', () => {
  test.each(pages.filter((page) => !['node.md', 'loader.md'].includes(page)))(
    '%s shows the configuration that the project in integrations/shells is built with',
    (page) => {
      const fences = shown(read(`docs/build/${page}`))
      expect(fences.length).toBeGreaterThan(0)
      for (const { file, body } of fences) expect(body).toBe(read(`integrations/shells/project/${file}`))
    },
  )

  test('there is one for each entry, and the README leads to it', () => {
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    const expected = entries.map((entry) => `${entry === './register' ? 'node' : entry.slice(2)}.md`).sort()
    expect([...pages].sort()).toEqual(expected)
    const readme = read('packages/unplugin/README.md')
    for (const entry of entries) expect(readme).toContain(`@autocache/unplugin/${entry.slice(2)}`)
    for (const page of pages) expect(readme).toContain(`(../../docs/build/${page})`)
  })
})

test('every entry that is imported says in an @example how, by its own name', () => {
  for (const entry of Object.keys(exports)) {
    if (['./package.json', './register', './loader'].includes(entry)) continue
    const source = read(`packages/unplugin/src/${entry.slice(2)}.ts`)
    expect(source).toContain(`import autocache from '@autocache/unplugin/${entry.slice(2)}'`)
  }
})

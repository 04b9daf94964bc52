/** A program of a few files in a folder of its own, with no package installed: `cached` is found by its specifier. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { livingOf } from '../../src/living.ts'
import type { ShellOptions } from '../../src/options.ts'

const made: string[] = []
afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true })
})

export function program(files: Readonly<Record<string, string>>, options: ShellOptions = {}) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'autocache unplugin ')))
  made.push(root)
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
    return join(root, file)
  }
  write('package.json', '{ "name": "program", "type": "module" }')
  for (const [file, text] of Object.entries(files)) write(file, text)
  return { root, write, path: (file: string) => join(root, file), living: livingOf({ ...options, root }) }
}

/** A module whose `f` is cached and calls `helper` of another. */
export const caller = (from = './helper.ts') =>
  `import { cached } from '@autocache/core'\nimport { helper } from '${from}'\nexport const f = cached((n: number) => helper(n))\n`
export const helper = (factor: number) => `export const helper = (n: number) => n * ${factor}\n`

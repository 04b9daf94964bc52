/** The section "Versions" of the README of the repository: its files, commands and what they print. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { run } from './support/io.ts'
import { TestRepository } from './support/repository.ts'

const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
const section = readme.split('\n## Versions\n')[1]!.split('\n## ')[0]!

const sources = Object.fromEntries(
  [...section.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, file, text]) => [file!, text!]),
)
const commands = [...section.matchAll(/^\$ autocache (.*)\n([\s\S]*?)(?=\n*(?:^\$ |```))/gm)].map(
  ([, line, printed]) => ({ argv: line!.split(' '), printed: printed! }),
)

/** The commit has another digest each time. */
const plain = (text: string) =>
  text
    .replaceAll(/\([0-9a-f]{7}\)/g, '(commit)')
    .replaceAll(/[^\S\n]+$/gm, '')
    .trim()

let repository: TestRepository | undefined
afterEach(() => repository?.close())

it('shows what the commands print', async () => {
  expect(Object.keys(sources)).toEqual(['src/rates.ts', 'src/price.ts'])
  expect(commands.map(({ argv }) => argv[0])).toEqual(['list', 'diff', 'explain'])
  repository = new TestRepository().write({ 'package.json': '{ "name": "shop", "type": "module" }\n', ...sources })
  repository.commit()
  for (const { argv, printed } of commands) {
    if (argv[0] === 'diff') {
      repository.write({
        'src/rates.ts': sources['src/rates.ts']!.replace('1.2 }', '1.21 }'),
        'src/price.ts': sources['src/price.ts']!.replace('(id: string)', '(product: string)').replace(
          '{id}',
          '{product}',
        ),
      })
    }
    const { out } = await run(argv, { cwd: repository.folder })
    expect(plain(out)).toBe(plain(printed))
  }
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as conformance from '../src/index.ts'
import { allClauses } from '../src/suite.ts'
import { mutants } from './mutants.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

describe('the README', () => {
  test('its adapter example is the one that runs in example.test.ts', () => {
    const example = readFileSync(join(root, 'test/example.test.ts'), 'utf8')
    const published = example.replace("'../src/index.ts'", "'@autocache/conformance'")
    expect(readme).toContain(`\`\`\`ts\n${published}\`\`\``)
  })

  test('its table lists every clause with its mutants', () => {
    const rows = allClauses.map(({ name, rule, asserts = [] }) => {
      const caught = Object.keys(mutants).filter((mutant) => mutants[mutant]?.caughtBy === name)
      const list = (names: readonly string[]) => names.map((item) => `\`${item}\``).join(', ')
      return `| ${rule === 'contract' ? '' : rule} | ${name} | ${list(asserts)} | ${list(caught)} |`
    })
    // The formatter pads the cells of a table.
    expect(readme.replaceAll(/ +/g, ' ')).toContain(rows.join('\n').replaceAll(/ +/g, ' '))
  })
})

/** The bodies of the `@example` fences of a source file. */
function examplesOf(file: string): string[] {
  const source = readFileSync(file, 'utf8').replaceAll(/^\s*\* ?/gm, '')
  return [...source.matchAll(/^@example\n```ts\n([\s\S]*?)```/gm)].map(([, body = '']) => body)
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)
const examples = sources.flatMap((name) => examplesOf(join(root, 'src', name)).map((body) => [name, body] as const))

// Plain JavaScript after its import, so that nothing has to be compiled.
describe('every @example runs and gives what it says', () => {
  // An example that registers tests can only be read: a test cannot register others.
  const runnable = examples.filter(([, body]) => !body.includes('describeStore('))

  test('there are examples to run', () => {
    expect(runnable.length).toBeGreaterThanOrEqual(10)
  })

  test.each(runnable)('%s', async (_name, body) => {
    const asserting = body
      .replace(/^import \{(.*)\} from '@autocache\/conformance'$/m, 'const {$1} = conformance')
      .replaceAll(/^(.*) \/\/ ([^,\n]+)(,.*)?$/gm, 'expect($1).toEqual($2)')
    const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => (...given: unknown[]) => unknown
    await new AsyncFunction('conformance', 'expect', asserting)(conformance, expect)
  })
})

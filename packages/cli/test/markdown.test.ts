import { describe, expect, it } from 'vitest'
import { compareStates } from '../src/compare.ts'
import { code, markdownReport, maxMarkdown } from '../src/markdown.ts'
import type { FunctionState, State } from '../src/state.ts'
import { cachedFunction, definition } from './support/analysis.ts'

function state(name: string, functions: readonly FunctionState[], files: Record<string, string> = {}): State {
  return { name, functions, compiler: 1, hasSources: true, text: (file) => files[file], find: () => undefined }
}

const made = (label: string, letter: string, helper: string, text: string) =>
  cachedFunction(label, {
    version: `s1-${letter.repeat(26)}`,
    definitions: [
      definition(label, 'same', { parent: -1 }),
      definition(helper, letter, { file: 'src/helper.ts', start: 0, end: text.length }),
    ],
  })

const report = (label: string, helper: string, before: string, after: string, number = 1) => {
  const names = Array.from({ length: number }, (_, index) => (number === 1 ? label : `${label}${index}`))
  const files = (text: string) => ({ 'src/helper.ts': text })
  const old = state(
    'main',
    names.map((name) => made(name, 'a', helper, before)),
    files(before),
  )
  const now = state(
    'the working tree',
    names.map((name) => made(name, 'b', helper, after)),
    files(after),
  )
  return markdownReport(old, now, compareStates(old, now))
}

describe('the Markdown report', () => {
  it('names what goes cold and why, with the source folded away', () => {
    expect(report('quote', 'rate', 'return 1\n', 'return 2\n')).toBe(
      [
        '### autocache: 1 function goes cold',
        '',
        'From `main` to `the working tree`: 1 function cold (1 changed), 0 untouched.',
        '',
        '<details>',
        '<summary><code>quote</code> changed: <code>rate was edited, src/helper.ts:1</code></summary>',
        '',
        '- `rate was edited, src/helper.ts:1`',
        '  `quote` → `rate`',
        '',
        '```diff',
        '@@ -1,1 +1,1 @@',
        '-return 1',
        '+return 2',
        '```',
        '',
        `- \`quote src/app.ts:1\`: \`s1-${'a'.repeat(26)}\` → \`s1-${'b'.repeat(26)}\``,
        '',
        '</details>',
        '',
      ].join('\n'),
    )
  })

  it('keeps names and source from acting as Markdown, HTML or a mention', () => {
    const name = '`</code></summary><img src=x onerror=alert(1)> @team [x](y) ```'
    const text = report(name, name, '```\n</details>\n', '````\n@team\n')
    const summary = text.split('\n').find((line) => line.startsWith('<summary>'))!
    expect(summary.match(/<[^>]*>/g)).toEqual(['<summary>', '<code>', '</code>', '<code>', '</code>', '</summary>'])
    // The fence is longer than any in the source, so that only ours closes it.
    expect(text.split('\n').filter((line) => line.startsWith('`````'))).toEqual(['`````diff', '`````'])
    const prose = text
      .replace(/`````[\s\S]*?`````/g, '')
      .replace(/(`+) ?[\s\S]*? ?\1(?!`)/g, '')
      .replace(/<code>[\s\S]*?<\/code>/g, '')
    expect(prose).not.toMatch(/@team|<img|\[x\]/)
  })

  it('is the same for the same change', () => {
    expect(report('quote', 'rate', '1', '2', 30)).toBe(report('quote', 'rate', '1', '2', 30))
  })

  it('fits into a comment, however much changed', () => {
    const long = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n')
    expect(report('quote', 'rate', long, long.replaceAll('line', 'other')).length).toBeLessThan(maxMarkdown)
    expect(report('quote', 'rate', long, long.replaceAll('line', 'other'), 3000).length).toBeLessThan(maxMarkdown)
    const many = (letter: string, digests: string) =>
      state(
        letter,
        Array.from({ length: 3000 }, (_, index) => made(`${'n'.repeat(300)}${index}`, letter, `h${index}`, digests)),
      )
    const [old, now] = [many('a', '1'), many('b', '2')]
    const text = markdownReport(old, now, compareStates(old, now))
    expect(text.length).toBeLessThan(maxMarkdown)
    expect(text).toContain('3,000 functions go cold')
  })
})

it('a code span is fenced by more backticks than it has', () => {
  expect(code('a')).toBe('`a`')
  expect(code('a`b')).toBe('``a`b``')
  expect(code('``a')).toBe('``` ``a ```')
  expect(code('')).toBe('`  `')
})

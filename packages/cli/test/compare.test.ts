import { describe, expect, it } from 'vitest'
import { causesOf, compareStates } from '../src/compare.ts'
import { diffText, sourceDiff } from '../src/source-diff.ts'
import type { FunctionState, State } from '../src/state.ts'
import { cachedFunction, definition } from './support/analysis.ts'

const version = (letter: string) => `s1-${letter.repeat(26)}`

function state(functions: readonly FunctionState[], files?: Record<string, string>): State {
  return {
    name: 'a state',
    functions,
    compiler: 1,
    hasSources: files !== undefined,
    text: (file) => files?.[file],
    find: () => undefined,
  }
}

/** A function that calls `load`, which calls `rate`. */
const chain = (digests: readonly [string, string, string], letter: string, more: Partial<FunctionState> = {}) =>
  cachedFunction('quote', {
    version: version(letter),
    definitions: [
      definition('quote', digests[0], { parent: -1, line: 1 }),
      definition('load', digests[1], { parent: 0, line: 5, file: 'src/load.ts' }),
      definition('rate', digests[2], { parent: 1, line: 9, file: 'src/rate.ts' }),
    ],
    ...more,
  })

describe('the cause of another version', () => {
  it('is the definition that was edited, with the path to it', () => {
    expect(causesOf(chain(['a', 'b', 'c'], 'x'), chain(['a', 'b', 'C'], 'y'))).toEqual([
      {
        kind: 'edited',
        definition: { name: 'rate', kind: 'function', file: 'src/rate.ts', line: 9 },
        path: ['quote', 'load', 'rate'],
        via: 'reference',
      },
    ])
  })

  it('is what is reached now or no more', () => {
    const before = chain(['a', 'b', 'c'], 'x')
    const after = { ...before, version: version('y'), definitions: before.definitions.slice(0, 2) }
    expect(causesOf(before, after)).toMatchObject([{ kind: 'removed', path: ['quote', 'load', 'rate'] }])
    expect(causesOf(after, before)).toMatchObject([{ kind: 'added', path: ['quote', 'load', 'rate'] }])
  })

  it('is not a definition that moved or was renamed as it is', () => {
    const before = chain(['a', 'b', 'c'], 'x')
    const [quote, load, rate] = before.definitions as [any, any, any]
    const moved = { ...load, file: 'src/elsewhere.ts' }
    const after = {
      ...before,
      version: version('y'),
      definitions: [quote, moved, { ...rate, name: 'fee', digest: 'C' }],
    }
    expect(causesOf(before, after)).toMatchObject([
      { kind: 'added', definition: { name: 'fee' } },
      { kind: 'removed', definition: { name: 'rate' } },
    ])
    const renamed = { ...before, version: version('y'), definitions: [quote, moved, { ...rate, name: 'fee' }] }
    expect(causesOf(before, renamed)).toEqual([{ kind: 'options' }])
  })

  it('is a package with another version, or with other content under the same', () => {
    const before = chain(['a', 'b', 'c'], 'x', {
      packages: [
        { name: 'dayjs', version: '1.0.0', identity: 'i1', path: 1 },
        { name: 'zod', version: '3.0.0', identity: 'i2', path: 2 },
        { name: 'ms', version: '2.0.0', identity: 'i3', path: 0 },
      ],
    })
    const after = chain(['a', 'b', 'c'], 'y', {
      packages: [
        { name: 'dayjs', version: '1.1.0', identity: 'i4', path: 1 },
        { name: 'zod', version: '3.0.0', identity: 'i5', path: 2 },
        { name: 'got', version: '9.0.0', identity: 'i6', path: 0 },
      ],
    })
    expect(causesOf(before, after)).toEqual([
      {
        kind: 'package',
        name: 'dayjs',
        from: '1.0.0',
        to: '1.1.0',
        change: 'version',
        path: ['quote', 'load', 'dayjs'],
      },
      {
        kind: 'package',
        name: 'zod',
        from: '3.0.0',
        to: '3.0.0',
        change: 'identity',
        path: ['quote', 'load', 'rate', 'zod'],
      },
      { kind: 'package', name: 'ms', from: '2.0.0', change: 'removed', path: ['quote', 'ms'] },
      { kind: 'package', name: 'got', to: '9.0.0', change: 'added', path: ['quote', 'got'] },
    ])
  })

  it('is the order of references where no definition changed', () => {
    const before = chain(['a', 'b', 'c'], 'x')
    const [quote, load, rate] = before.definitions as [any, any, any]
    const after = {
      ...before,
      version: version('y'),
      definitions: [quote, { ...rate, parent: 0 }, { ...load, parent: 0 }],
    }
    expect(causesOf(before, after)).toMatchObject([{ kind: 'references', definition: { name: 'quote' } }])
  })

  it('is an option of the compiler where nothing else is left, or the compiler itself', () => {
    const before = chain(['a', 'b', 'c'], 'x')
    const after = { ...before, version: version('y') }
    expect(causesOf(before, after)).toEqual([{ kind: 'options' }])
    const newer = { ...state([after]), compiler: 2 }
    expect(causesOf(before, after, [state([before]), newer])).toEqual([{ kind: 'compiler', from: 1, to: 2 }])
  })

  it('pairs definitions of one name by their digests first', () => {
    const before = cachedFunction('f', {
      version: version('x'),
      definitions: [definition('f', 'f', { parent: -1 }), definition('init()', '1'), definition('init()', '2')],
    })
    const after = cachedFunction('f', {
      version: version('y'),
      definitions: [definition('f', 'f', { parent: -1 }), definition('init()', '2'), definition('init()', '3')],
    })
    expect(causesOf(before, after)).toMatchObject([{ kind: 'edited', definition: { name: 'init()' } }])
  })
})

describe('a comparison of states', () => {
  it('tells cold functions from those that stay warm', () => {
    const old = [
      chain(['a', 'b', 'c'], 'x'),
      cachedFunction('gone'),
      cachedFunction('same', { version: version('s') }),
      cachedFunction('first', { version: version('r'), file: 'src/r.ts' }),
    ]
    const now = [
      chain(['a', 'b', 'C'], 'y'),
      cachedFunction('made'),
      cachedFunction('same', { version: version('s'), file: 'src/moved.ts' }),
      cachedFunction('second', { version: version('r'), file: 'src/r.ts' }),
    ]
    const { cold, warm, untouched } = compareStates(state(old), state(now))
    expect(cold.map(({ change, before, after }) => [change, before?.label, after?.label])).toEqual([
      ['changed', 'quote', 'quote'],
      ['renamed', 'first', 'second'],
      ['new', undefined, 'made'],
      ['removed', 'gone', undefined],
    ])
    expect(cold[1]?.causes).toEqual([{ kind: 'label', from: 'first', to: 'second' }])
    expect([warm.length, untouched]).toEqual([0, 1])
  })

  const warmth = (before: string, after: string, names: readonly [string, string] = ['f', 'f']) => {
    const slice = (text: string, name: string) =>
      cachedFunction('f', {
        version: version('w'),
        definitions: [
          definition(name, 'd', {
            parent: -1,
            start: text.replaceAll('\r\n', '\n').indexOf('f = '),
            end: text.replaceAll('\r\n', '\n').indexOf(';\n') + 1,
          }),
        ],
      })
    const files = (text: string) => ({ 'src/app.ts': text })
    const { warm } = compareStates(
      state([slice(before, names[0])], files(before)),
      state([slice(after, names[1])], files(after)),
    )
    return warm[0]?.files[0]?.why.map(({ reason }) => reason)
  }

  it('says why an edited file changed nothing', () => {
    const text = 'const f = (a) => a + 1;\nconst g = 2;\n'
    expect(warmth(text, text)).toBeUndefined()
    expect(warmth(text, text.replace('g = 2', 'g = 3'))).toEqual(['unreached'])
    expect(warmth(text, text.replaceAll('\n', '\r\n'))).toEqual(['line-endings'])
    expect(warmth(text, text.replace('a + 1', 'a  +\n 1'))).toEqual(['formatting'])
    expect(warmth(text, text.replace('a + 1', 'a /* one */ + 1'))).toEqual(['comments'])
    expect(warmth(text, text.replace('(a) => a', '(b) => b'))).toEqual(['equivalent'])
    expect(warmth(text, text.replace('a + 1', 'a + "/* 1 */"'))).toEqual(['equivalent'])
    expect(warmth(text, `// more\n${text}`, ['f', 'h'])).toEqual(['renamed'])
  })
})

describe('the source diff of a definition', () => {
  it('has the lines that it stands on, numbered as in the file', () => {
    const before = '\n\nexport const quote = () => {\n  return 1\n}\n'
    const after = '\nexport const quote = () => {\n  return 2\n}\n'
    const side = (text: string, line: number, letter: string): [State, FunctionState] => {
      const start = text.indexOf('quote')
      const one = chain([letter, 'b', 'c'], letter, {
        definitions: [definition('quote', letter, { parent: -1, line, start, end: text.length - 1 })],
      })
      return [state([one], { 'src/app.ts': text }), one]
    }
    const [old, now] = [side(before, 3, 'x'), side(after, 2, 'y')]
    const [cause] = causesOf(old[1], now[1])
    const diff = sourceDiff(cause!, old, now)
    expect(diffText(diff!)).toBe('@@ -3,3 +2,3 @@\n export const quote = () => {\n-  return 1\n+  return 2\n }')
  })

  it('says so where there are no sources', () => {
    const [old, now] = [chain(['a', 'b', 'c'], 'x'), chain(['A', 'b', 'c'], 'y')]
    const [cause] = causesOf(old, now)
    expect(sourceDiff(cause!, [state([old]), old], [state([now]), now])).toEqual({
      missing: 'the source is not at hand; digest a, now A',
    })
  })
})

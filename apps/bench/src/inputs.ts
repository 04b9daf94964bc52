/** A nested object as a search or a report takes it; a new one at each call, so that nothing can go by identity. */
export function buildQuery(n: number) {
  return {
    user: `user-${n}`,
    filter: { active: n % 2 === 0, tags: ['new', 'sale'], price: { from: n, to: n + 100.5 } },
    page: { size: 50, number: n },
    sort: [{ by: 'price', descending: true }, { by: 'name' }],
  }
}

/** What the cached functions return. */
export function record(n: number) {
  return { id: n, name: `Name of ${n}`, email: `user-${n}@example.org`, roles: ['reader', 'editor'], active: true }
}

/** How many different calls the hits go round. */
export const distinct = 64

/** A pair of argument lists that a function can tell apart. */
export interface Pair {
  readonly title: string
  readonly a: readonly unknown[]
  readonly b: readonly unknown[]
}

const one = (title: string, a: unknown, b: unknown): Pair => ({ title, a: [a], b: [b] })

/** Arguments that serializers mix up. None of them is exotic: they come out of forms, queries and dates. */
export const trickyPairs: readonly Pair[] = [
  one("`1`, `'1'`", 1, '1'),
  one('`0`, `-0`', 0, -0),
  one('`NaN`, `null`', Number.NaN, null),
  one('`Infinity`, `null`', Number.POSITIVE_INFINITY, null),
  one('`[undefined]`, `[null]`', [undefined], [null]),
  // biome-ignore lint/suspicious/noSparseArray: a hole is what this is about
  one('a hole, `undefined`', [,], [undefined]),
  one('`{ a: undefined }`, `{}`', { a: undefined }, {}),
  one('`[-0]`, `[0]`', [-0], [0]),
  one('a Date, its text', new Date(0), '1970-01-01T00:00:00.000Z'),
  one('two Dates', new Date(0), new Date(1)),
  one('an invalid Date, `null`', new Date(Number.NaN), null),
  one('two Maps', new Map([['a', 1]]), new Map([['a', 2]])),
  one('two Sets', new Set([1]), new Set([2])),
  one('two RegExps', /a/, /b/),
  one('two Errors', new Error('a'), new Error('b')),
  one('`1n`, `1`', 1n, 1),
  one('two registered symbols', Symbol.for('a'), Symbol.for('b')),
  one('`Uint8Array.of(1)`, `{ 0: 1 }`', Uint8Array.of(1), { 0: 1 }),
  one('two URLs', new URL('https://a.example'), new URL('https://b.example')),
  one('two lone surrogates', '\ud800', '\ud801'),
  one("`new String('a')`, `'a'`", new String('a'), 'a'),
  one('cycles of different depth', cycle(1), cycle(2)),
  { title: "`('a,b', 'c')`, `('a', 'b,c')`", a: ['a,b', 'c'], b: ['a', 'b,c'] },
  { title: "`(1, '2')`, `('1', 2)`", a: [1, '2'], b: ['1', 2] },
  { title: '`(1, undefined)`, `(1, null)`', a: [1, undefined], b: [1, null] },
]

/** The same properties in another order. */
export const reordered: Pair = one('property order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })

/** An object that contains itself, so many levels down. */
function cycle(levels: number): object {
  const top: { next?: object } = {}
  let bottom = top
  for (let level = 1; level < levels; level++) bottom = bottom.next = {} as { next?: object }
  bottom.next = top
  return top
}

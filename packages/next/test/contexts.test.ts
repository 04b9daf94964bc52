/** One program, built once and asked in every context that Next has. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Program, pre, type Server, shown } from './support/next.ts'

vi.setConfig({ testTimeout: 120_000 })

let program: Program
let server: Server

beforeAll(async () => {
  program = new Program('contexts')
  await program.build()
  server = await program.start()
}, 900_000)
afterAll(async () => {
  await server?.stop()
  program?.dispose()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('one entry answers in a page, a route and after an action, whatever the bundler made of its text', async () => {
  const [first] = await server.calls('price')
  expect(JSON.parse(pre(await server.text('/page')))).toEqual(first)
  expect(await server.text('/action')).toContain(`<p id="ada">${first.run}</p>`)
})

test('values have their types, for the first caller as for later ones', async () => {
  const [first, second] = await server.calls('price,types', 'price,types')
  expect(second).toEqual(first)
  expect(first).toMatchObject({
    at: { Date: 0 },
    big: { bigint: '10' },
    map: { Map: [['types', { Set: [1] }]] },
    none: 'undefined',
  })
})

test('calls with different Maps, and functions with different captures, never share an entry', async () => {
  const [a, b, again] = await server.calls('options,a', 'options,b', 'options,a')
  expect(b.run).not.toBe(a.run)
  expect(again).toEqual(a)
  const [three, four, threeAgain] = await server.calls('factory,3', 'factory,4', 'factory,3')
  expect([three.total, four.total]).toEqual([6, 8])
  expect(threeAgain).toEqual(three)
})

test('what JSON loses comes back as it was', async () => {
  const [first, second] = await server.calls('kinds', 'kinds')
  expect(second).toEqual(first)
  expect(second).toMatchObject({
    numbers: [{ number: 'NaN' }, { number: '-0' }, { number: 'Infinity' }, { number: '-Infinity' }, { bigint: '1' }],
    none: ['undefined', null],
    holes: [1, 'hole', 3],
    dates: [{ Date: 0 }, { Date: { number: 'NaN' } }],
    pattern: { text: '/a+/gi' },
    address: { text: 'https://example.com/?q=1' },
    bytes: { bytes: [1, 255] },
    map: { Map: [[{ Date: 1 }, { Set: ['undefined', { number: 'NaN' }] }]] },
    error: { text: 'RangeError: no' },
    bare: { bare: { a: 1 } },
  })
})

test('two functions of one name and one text, whose modules mean different things, never share an entry', async () => {
  expect(await server.calls('total,3', 'sameTotal,3', 'total,3', 'sameTotal,3')).toEqual([6, 30, 6, 30])
})

test('a function that is cached within a component is keyed by what it captures of the props', async () => {
  for (const _ of ['computed', 'cached']) {
    const items = [...(await server.text('/closures')).matchAll(/<li>(.*?)<\/li>/g)].map(([, text]) => text)
    expect(items).toEqual(['$6', '$8', '€6', '$6'])
  }
})

test('R18 a run that began before revalidateTag of Next never answers after it, and nobody joins it', async () => {
  const late = server.calls('held,door')
  // It has begun.
  await expect.poll(() => server.log(), { timeout: 60_000 }).toContain('held door')
  await server.calls('revalidateTag,held')
  const after = server.calls('held,door')
  program.write('door', '')
  const [[before], [next]] = await Promise.all([late, after])
  expect(next.run).not.toBe(before.run)
  const [again] = await server.calls('held,door')
  expect(again.run).not.toBe(before.run)
  expect(await server.calls('held,door')).toEqual([again])
})

test('after(): what is called when the response is gone is cached', async () => {
  await server.calls('later,evening')
  const [found] = await server.calls('price,evening')
  expect(await server.calls('price,evening')).toEqual([found])
})

test('R25 an entry that is too old is awaited, and one within staleTtl answers while it is refreshed', async () => {
  const [short, stale] = await server.calls('short', 'stale')
  await pause(2100)
  const [shortLater, staleLater] = await server.calls('short', 'stale')
  expect(shortLater.run).not.toBe(short.run)
  expect(staleLater.run).toBe(stale.run)
  await expect.poll(async () => (await server.calls('stale'))[0].run).not.toBe(stale.run)
})

test('invalidate in a route ends the entry of its arguments alone, and invalidateAll those of the function', async () => {
  const before = await server.calls('price,one', 'price,two', 'other,one')
  await server.calls('invalidate,one')
  const after = await server.calls('price,one', 'price,two', 'other,one')
  expect(after[0].run).not.toBe(before[0].run)
  expect(after.slice(1)).toEqual(before.slice(1))
  await server.calls('invalidateAll')
  const last = await server.calls('price,one', 'price,two', 'other,one')
  expect(last[1].run).not.toBe(before[1].run)
  expect(last[2]).toEqual(before[2])
  expect(await server.calls('price,one')).toEqual([last[0]])
})

test('a Server Action that invalidates renders what is new, and leaves the entries of other arguments', async () => {
  const before = shown(await server.text('/action'))
  const after = shown(await server.submit('/action'))
  expect(after.ada).not.toBe(before.ada)
  expect(after).toEqual({ ...before, ada: after.ada })
  // What the action itself computes after it has invalidated is new; Next ends the tag once more before it renders.
  const [, own] = /action: (price:\S+)/.exec(server.log())!
  expect(own).not.toBe(before.ada)
  // Next may carry the end out after the render, and then has it computed once more.
  const [next] = await server.calls('price,ada')
  expect(next.run).not.toBe(before.ada)
  expect(await server.calls('price,ada')).toEqual([next])
})

test("Next's own revalidateTag ends what has the tag", async () => {
  const [before] = await server.calls('price,tagged')
  await server.calls('revalidateTag,prices')
  const [after] = await server.calls('price,tagged')
  expect(after.run).not.toBe(before.run)
})

test('R21 a cached call within another is cached, and its invalidation and tags end the outer entry', async () => {
  const [outer, again] = await server.calls('outer', 'outer')
  expect(again).toEqual(outer)
  expect((await server.calls('inner'))[0].run).toBe(outer.inner)
  await server.calls('endInner')
  const [ended] = await server.calls('outer')
  expect(ended.inner).not.toBe(outer.inner)
  await server.calls('revalidateTag,inner')
  const [tagged, tagged2] = await server.calls('outer', 'outer')
  expect(tagged.inner).not.toBe(ended.inner)
  expect(tagged2).toEqual(tagged)
})

test('pages that are prerendered by generateStaticParams hold what the build computed', async () => {
  const [one, two] = [pre(await server.text('/static/1')), pre(await server.text('/static/2'))]
  expect(one).toMatch(/^static 1:/)
  expect(two).toMatch(/^static 2:/)
  expect(pre(await server.text('/static/1'))).toBe(one)
})

test('draft mode computes anew and keeps nothing', async () => {
  const [before] = await server.calls('price,ada')
  const on = await fetch(`${server.url}/draft`)
  const cookie = on.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const draft = JSON.parse(pre(await server.text('/page', { headers: { cookie } })))
  expect(draft.run).not.toBe(before.run)
  expect(JSON.parse(pre(await server.text('/page')))).toEqual(before)
})

describe('what cannot be cached is served', () => {
  test('a call in a proxy runs, with a line that says so', async () => {
    const [{ run }] = await server.calls('price')
    const { headers } = await fetch(`${server.url}/route?proxy&call=price`)
    expect(headers.get('x-price')).toMatch(/^price:/)
    expect(headers.get('x-price')).not.toBe(run)
    expect(server.log()).toContain('`price` is called in a proxy (middleware)')
  })

  test.each([
    ['large,3000000', 'returned more than the 2 MB'],
    ['stream', 'returns what can be read only once'],
    ['instance', 'returned what cannot be stored faithfully'],
    ['unfaithful', 'returned what cannot be stored faithfully'],
    ['unstamped', 'has no version and is not cached'],
    ['within', 'is called within a function cached with `unstable_cache()`'],
  ])('%s', async (call, line) => {
    const runOf = (answer: any) => answer.run ?? answer
    const [first] = await server.calls(call)
    expect(runOf(first)).toMatch(/:/)
    // The entry of somebody else's cache around it is kept by that.
    if (call !== 'within') expect(runOf((await server.calls(call))[0])).not.toBe(runOf(first))
    expect(server.log()).toContain(line)
  })

  test('a function that reads cookies() runs for its request and shares nothing', async () => {
    const ask = async (user: string) =>
      JSON.parse(await server.text('/route?call=session', { headers: { cookie: `user=${user}` } }))[0]
    expect([(await ask('ann')).user, (await ask('bob')).user]).toEqual(['ann', 'bob'])
    expect(server.log()).toContain('reads `cookies()` or `headers()`')
  })

  test('the edge runtime gets right values', async () => {
    for (const _ of [1, 2]) expect(JSON.parse(await server.text('/edge'))).toEqual([10, 20])
  })

  test("the function's own error reaches the caller", async () => {
    expect(await server.calls('failing', 'failing')).toEqual([
      { error: 'RangeError: no such thing' },
      { error: 'RangeError: no such thing' },
    ])
  })
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Recent } from '../src/recent.ts'

describe('what was lately made from texts', () => {
  test('is kept by its text', () => {
    const recent = new Recent<object>()
    expect(recent.get('a')).toBeUndefined()
    const made = recent.keep('a', {})
    expect([recent.get('a'), recent.get('b')]).toEqual([made, undefined])
  })

  test('L7 is bounded for all who keep something, together', () => {
    const [one, other] = [new Recent<number>(), new Recent<number>()]
    one.keep('early', 1)
    let kept = 0
    while (one.get('early') !== undefined) other.keep(`text ${(kept += 1)}`, kept)
    expect(kept).toBeLessThan(10_000)
    // What made room is there.
    expect(other.get(`text ${kept}`)).toBe(kept)
    expect(other.get('text 1')).toBeUndefined()
  })

  test('L7 is let go also where nobody asks for it any more', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const idle = new Recent<object>()
    const held = Array.from({ length: 20 }, (_, name) => new WeakRef(idle.keep(`early ${name}`, {})))
    for (let times = 0; times < 5; times++) Recent.grow(1_000_000)
    // A WeakRef holds on until the turn has ended.
    await new Promise((resolve) => setTimeout(resolve))
    collect()
    // A place on the stack that was not written over yet may keep one.
    expect(held.filter((object) => object.deref()).length).toBeLessThan(5)
    expect(idle.get('early 0')).toBeUndefined()
  })

  test('L7 counts what one of them comes to hold', () => {
    const recent = new Recent<number>()
    recent.keep('a', 1)
    for (let times = 0; times < 5; times++) Recent.grow(1_000_000)
    expect(recent.get('a')).toBeUndefined()
  })
})

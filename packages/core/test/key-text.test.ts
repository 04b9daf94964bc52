import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digest } from '../src/digest.ts'
import { encodeKey } from '../src/key.ts'
import { completeKey, type KeyPrefixParts, keyPrefix } from '../src/whole-key.ts'

const parts = { namespace: 'shop', label: 'User.find', version: 's1-abc', digest }

function compose({
  args = '',
  readable = true,
  ...rest
}: Partial<KeyPrefixParts> & { args?: string; readable?: boolean }) {
  const all = { ...parts, maxBytes: 250, ...rest }
  return completeKey(keyPrefix(all), { ...all, argumentsText: args, readable })
}

describe('golden: the text of a whole key is fixed', () => {
  it('in clear', () => expect(compose({ args: '"42",{"a":1}' })).toBe('shop:User.find:s1-abc:"42",{"a":1}'))
  it('digested', () =>
    expect(compose({ args: '"42"', readable: false })).toBe(
      'shop:User.find:s1-abc:~gzTFVMcnb1lnSBC5L_9Rl81Gv2zL6HJ0L5sEyjHf49E',
    ))
  it('escaped', () =>
    expect(compose({ namespace: 'a:b', label: '~é %', args: '"a b:é~"' })).toBe(
      'a%003ab:%007e%00e9%0020%0025:s1-abc:"a%0020b:%00e9%007e"',
    ))
  it('empty', () => expect(compose({ namespace: '', label: '' })).toBe('::s1-abc:'))
})

describe('R09 the key is the key', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc
      .array(fc.constantFrom('a', ':', '~', '%', '%003a', ' ', '\ud800', 'é', '{', '"'), { maxLength: 6 })
      .map((some) => some.join('')),
    fc.string({ unit: 'binary', minLength: 40, maxLength: 300 }),
  )
  const anyParts = fc.record({
    namespace: anyText,
    label: anyText,
    version: anyText,
    args: anyText.map((text) => encodeKey(text)),
    readable: fc.constant(true),
  })

  it('it is printable ASCII without spaces and never longer than the store takes', () => {
    fc.assert(
      fc.property(anyParts, fc.integer({ min: 180, max: 400 }), fc.boolean(), (some, maxBytes, readable) => {
        const key = compose({ ...some, maxBytes, readable })
        expect(key).toMatch(/^[!-~]*$/)
        expect(key.length).toBeLessThanOrEqual(maxBytes)
        expect(key.split(':').length).toBeGreaterThanOrEqual(4)
      }),
    )
  })

  it('different parts make different keys', () => {
    fc.assert(
      fc.property(anyParts, anyParts, fc.constantFrom(180, 250, Infinity), fc.nat(15), (a, other, maxBytes, mix) => {
        // Mostly alike, so that parts meet at their edges.
        const b = {
          namespace: mix & 1 ? other.namespace : a.namespace,
          label: mix & 2 ? other.label : a.label,
          version: mix & 4 ? other.version : a.version,
          args: mix & 8 ? other.args : a.args,
        }
        const same = a.namespace === b.namespace && a.label === b.label && a.version === b.version && a.args === b.args
        expect(compose({ ...a, maxBytes }) === compose({ ...b, maxBytes })).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })

  it('no part imitates a separator', () => {
    expect(compose({ namespace: 'a:b', label: 'c' })).not.toBe(compose({ namespace: 'a', label: 'b:c' }))
    expect(compose({ namespace: 'a%003ab', label: 'c' })).not.toBe(compose({ namespace: 'a:b', label: 'c' }))
    expect(compose({ args: '"é"' })).not.toBe(compose({ args: '"%00e9"' }))
    expect(compose({ version: 'v:1', args: '2' })).not.toBe(compose({ version: 'v', args: '1:2' }))
  })

  it('lone surrogates and case stay apart', () => {
    const keys = ['\ud800', '\ud801', '\ufffd', 'A', 'a'].flatMap((text) => [
      compose({ label: text }),
      compose({ args: encodeKey(text), readable: false }),
    ])
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('a digest has a tag that nothing in clear begins with', () => {
    const args = encodeKey(['x'])
    const digested = compose({ args, readable: false })
    const tail = digested.slice(digested.lastIndexOf(':') + 1)
    expect(tail).toMatch(/^~[\w-]{43}$/)
    expect(compose({ args: encodeKey(tail) })).not.toBe(digested)
    const long = 'n'.repeat(300)
    const short = compose({ namespace: long })
    expect(compose({ namespace: short.slice(0, short.indexOf(':')) })).not.toBe(short)
  })

  it('what is too long is digested in this order and never cut: arguments, label, namespace, version', () => {
    const long = (letter: string) => letter.repeat(100)
    const forms = (maxBytes: number) =>
      compose({ namespace: long('n'), label: long('l'), version: long('v'), args: `"${long('a')}"`, maxBytes })
        .split(':')
        .map((part) => part[0])
        .join('')
    expect(forms(Infinity)).toBe('nlv"')
    expect(forms(405)).toBe('nlv"')
    expect(forms(404)).toBe('nlv~')
    expect(forms(347)).toBe('nlv~')
    expect(forms(346)).toBe('n~v~')
    expect(forms(290)).toBe('~~v~')
    expect(forms(180)).toBe('~~~~')
  })

  it('the prefix is the same for all calls of a function, so that entries can be found by it', () => {
    const label = 'l'.repeat(200)
    const prefix = keyPrefix({ ...parts, label, maxBytes: 250 })
    for (const args of ['', '1', `"${'a'.repeat(300)}"`]) expect(compose({ label, args }).startsWith(prefix)).toBe(true)
  })

  it('a store whose keys are too short for any is refused at once', () => {
    expect(keyPrefix({ ...parts, maxBytes: 70 })).toBe('shop:User.find:s1-abc:')
    expect(() => keyPrefix({ ...parts, maxBytes: 60 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('what stays in this process is not escaped, because nothing follows the arguments', () => {
    expect(compose({ args: '"é :~"', maxBytes: Infinity })).toBe('shop:User.find:s1-abc:"é :~"')
  })
})

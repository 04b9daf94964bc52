import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digest } from '../src/digest.ts'
import { sha256 as native } from '../src/platform/sha256-node.ts'
import { sha256 as portable } from '../src/platform/sha256-portable.ts'

const reference = (text: string) => createHash('sha256').update(text, 'utf8').digest('base64url')

describe('golden: SHA-256 as base64url', () => {
  it.each([
    ['', '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
    ['abc', 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0'],
    ['é😀\u0000', 'jPVcXEhWKGv-vu3vNmLS9p_8sGmV6nuZbqmfjFxO_kc'],
    ['\ud800', '-eEPiZ6HSnJ69A9acu-9PeANrUw2O-UhwFk8TmO6_sg'],
    ['\uffff', 'DuVnjDiaA3LWpDBmYYxwecR9FoJj8ijIR9aYGLEa6wQ'],
  ])('of %j', (text, expected) => {
    expect(digest(text)).toBe(expected)
    expect(expected).toMatch(/^[\w-]{43}$/)
  })
})

it('the native and the portable one agree to the byte', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      expect(portable(text)).toBe(reference(text))
      expect(native(text)).toBe(reference(text))
    }),
  )
  const long = 'é😀abc'.repeat(100_000)
  expect(portable(long)).toBe(native(long))
})

it('well-formed text is digested as its UTF-8 bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\uffff')),
      (text) => {
        expect(digest(text)).toBe(reference(text))
      },
    ),
  )
})

it('R09 lone surrogates differ, and so does what they are escaped to', () => {
  const texts = [
    '\ud800',
    '\ud801',
    '\udc00',
    '\udc00\ud800',
    '\ud800\udc00',
    '\ufffd',
    '\uffff',
    '\uffffd800',
    '\uffff\ud800',
    'd800',
    'a\ud800',
    '\ud800a',
  ]
  expect(new Set(texts.map(digest)).size).toBe(texts.length)
  const units = fc
    .array(fc.constantFrom('\ud800', '\udc00', '\uffff', 'd', '8', '0', 'f', 'c'), { maxLength: 6 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(units, units, (a, b) => {
      expect(digest(a) === digest(b)).toBe(a === b)
    }),
    { numRuns: 3000 },
  )
})

import { hash } from 'node:crypto'
import { createAutocache, encodeKey } from '@autocache/core'
import { wire } from '@autocache/core/plumbing'
import objectHash from 'object-hash'
import { hash as ohash, serialize } from 'ohash'
import { stringify } from 'safe-stable-stringify'
import type { Contender, Group } from '../contender.ts'
import { buildQuery } from '../inputs.ts'

const keyed = {
  fn: (value: unknown) => value,
  args: (n: number) => [buildQuery(n)],
  build: buildQuery,
  answers: 'keys',
  loop: (answer, build, order) => {
    let at = 0
    let last: unknown
    return () => {
      at = (at + 1) & 1023
      last = answer(build(order[at] as number))
      return last
    }
  },
} satisfies Partial<Group>

const structural = (name: string, create: Contender['create']): Contender => ({ name, keys: 'structure', create })

const stable = structural('safe-stable-stringify', () => (value: unknown) => stringify(value))
const sha256 = (text: string) => hash('sha256', text, 'base64url')
/** What is digested here collides as the text does, which is on record already. */
const digested = (name: string, create: Contender['create']): Contender => ({ name, create })
const jsonDigest = digested('JSON.stringify + crypto.hash', () => (value: unknown) => sha256(JSON.stringify(value)))

export const encodeKeyGroup: Group = {
  ...keyed,
  id: 'encode-key',
  title: 'Key of a nested object, as text',
  reference: stable.name,
  contenders: [
    stable,
    structural('JSON.stringify', () => (value: unknown) => JSON.stringify(value)),
    structural('ohash, serialize', () => (value: unknown) => serialize(value)),
    structural('object-hash, sha1', () => (value: unknown) => objectHash(value as object)),
    structural('autocache, encodeKey', () => (value: unknown) => encodeKey(value)),
  ],
}

export const digestKeyGroup: Group = {
  ...keyed,
  id: 'digest-key',
  title: 'Key of a nested object, as SHA-256',
  reference: jsonDigest.name,
  contenders: [
    jsonDigest,
    digested('safe-stable + crypto.hash', () => (value: unknown) => sha256(stringify(value) as string)),
    structural('ohash, hash', () => (value: unknown) => ohash(value)),
    digested('object-hash, sha256', () => (value: unknown) => objectHash(value as object, { algorithm: 'sha256' })),
    structural('autocache, encodeKey + digest', () => (value: unknown) => wire.digest(encodeKey(value))),
    structural('autocache, keyOf', () => {
      const find = createAutocache({ keys: 'digest' }).cached((value: unknown) => value)
      return (...args: unknown[]) => find.keyOf(args[0])
    }),
  ],
}

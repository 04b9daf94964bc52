import { describeWith } from 'servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type KeyvStore, keyvStore } from '../src/index.ts'
import { backends, type Opened } from './support/backends.ts'

const texts = [
  '',
  ' ',
  'a1.x.{}\nbody',
  ':base64:AAAA',
  ':bigint:1',
  '::',
  'null',
  '"quoted"',
  'naïve 日本 🦊',
  'x'.repeat(60_000),
]

for (const backend of backends) {
  const describe = await describeWith(backend.url)

  describe(`keyvStore over ${backend.name}, Keyv ${backend.keyv}`, () => {
    let opened: Opened
    let store: KeyvStore
    beforeAll(async () => {
      opened = await backend.open()
      store = keyvStore(opened.keyv)
    })
    afterAll(() => opened.close())

    it('returns exactly the text that was set', async () => {
      for (const [index, text] of texts.entries()) {
        await store.set(`text:${index}`, text)
        expect(await store.get(`text:${index}`)).toBe(text)
      }
    })

    it('answers undefined for a key that was never set', async () => {
      expect(await store.get('absent')).toBeUndefined()
    })

    it('replaces an entry, and its expiry with it', async () => {
      await store.set('replaced', 'old', { expiresAt: Date.now() + 50 })
      await store.set('replaced', 'new')
      await new Promise((resolve) => setTimeout(resolve, 80))
      expect(await store.get('replaced')).toBe('new')
    })

    it('tells whether there was an entry to delete', async () => {
      await store.set('deleted', 'x')
      expect(await store.delete('deleted')).toBe(true)
      expect(await store.delete('deleted')).toBe(false)
      expect(await store.get('deleted')).toBeUndefined()
    })

    it('drops an entry after expiresAt, and not before', async () => {
      await store.set('short', 'x', { expiresAt: Date.now() + 60 })
      await store.set('long', 'x', { expiresAt: Date.now() + 60_000 })
      await store.set('fraction', 'x', { expiresAt: Date.now() + 60_000.25 })
      await store.set('for ever', 'x', { expiresAt: Number.POSITIVE_INFINITY })
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await store.get('short')).toBeUndefined()
      expect(await store.get('long')).toBe('x')
      expect(await store.get('fraction')).toBe('x')
      expect(await store.get('for ever')).toBe('x')
    })

    it('lets an entry that is past its expiry go at once, and never keeps it for ever', async () => {
      for (const expiresAt of [Date.now(), Date.now() - 1000, 0]) {
        await store.set('past', 'x', { expiresAt })
        await new Promise((resolve) => setTimeout(resolve, 10))
        expect(await store.get('past')).toBeUndefined()
      }
    })

    it('reads many in the order asked, absent ones, expired ones and repetitions included', async () => {
      await store.set('m:a', 'A')
      await store.set('m:b', 'B')
      await store.set('m:expired', 'x', { expiresAt: Date.now() + 1 })
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(await store.getMany(['m:b', 'm:none', 'm:a', 'm:expired', 'm:b'])).toEqual([
        'B',
        undefined,
        'A',
        undefined,
        'B',
      ])
      expect(await store.getMany(['m:none'])).toEqual([undefined])
      expect(await store.getMany([])).toEqual([])
    })

    it('writes many, each with its own expiry, the last of a repeated key winning', async () => {
      await store.setMany([
        { key: 'w:a', entry: 'first' },
        { key: 'w:b', entry: 'B', context: { expiresAt: Date.now() + 1000 } },
        { key: 'w:c', entry: 'C', context: { expiresAt: Date.now() + 60_000 } },
        { key: 'w:a', entry: 'last' },
      ])
      expect(await store.getMany(['w:a', 'w:b', 'w:c'])).toEqual(['last', 'B', 'C'])
      await new Promise((resolve) => setTimeout(resolve, 1100))
      expect(await store.getMany(['w:a', 'w:b', 'w:c'])).toEqual(['last', undefined, 'C'])
      await store.setMany([])
    })

    it('deletes many, whether present or not', async () => {
      await store.setMany([
        { key: 'd:a', entry: 'A' },
        { key: 'd:b', entry: 'B' },
        { key: 'd:c', entry: 'C' },
      ])
      await store.deleteMany(['d:a', 'd:none', 'd:b', 'd:a'])
      await store.deleteMany(['d:none'])
      await store.deleteMany([])
      expect(await store.getMany(['d:a', 'd:b', 'd:c'])).toEqual([undefined, undefined, 'C'])
    })

    it('lists the keys below a prefix', async () => {
      const keys = Array.from({ length: 25 }, (_, index) => `k_%:${index}`)
      await store.setMany([...keys, 'kx%:other', 'k:other'].map((key) => ({ key, entry: 'x' })))
      const seen: string[] = []
      for await (const key of store.keys?.('k_%:') ?? []) seen.push(key)
      expect(seen.sort()).toEqual(keys.sort())
    })

    it('takes keys of the length it declares', async () => {
      const size = store.maxKeyBytes ?? 250
      const [a, b] = [`${'k'.repeat(size - 1)}a`, `${'k'.repeat(size - 1)}b`]
      await store.set(a, 'A')
      await store.set(b, 'B')
      expect(await store.getMany([a, b])).toEqual(['A', 'B'])
    })

    it('keeps concurrent operations apart', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, index) => store.set(`c:${index}`, `${index}`)))
      const read = await Promise.all(Array.from({ length: 60 }, (_, index) => store.get(`c:${index}`)))
      expect(read).toEqual(Array.from({ length: 60 }, (_, index) => (index < 50 ? `${index}` : undefined)))
    })
  })
}

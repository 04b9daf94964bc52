import { describeWith, mysqlUrl } from 'servers'
import { expect, it } from 'vitest'
import { keyvStore } from '../src/index.ts'
import { backends } from './support/backends.ts'

const describe = await describeWith(mysqlUrl)
describe('MySQL with its default collation', () => {
  for (const backend of backends.filter(({ name }) => name === 'MySQL')) {
    it(`R09 answers for another key whole or not at all, which core then refuses (Keyv ${backend.keyv})`, async () => {
      const { keyv, close } = await backend.open()
      const store = keyvStore(keyv)
      await store.set('key:a', 'the entry of key:a')
      expect(await store.get('key:A')).toBe('the entry of key:a')
      // The batch compares the keys it gets back, and is right.
      expect(await store.getMany(['key:A', 'key:a'])).toEqual([undefined, 'the entry of key:a'])
      await store.set('key:A', 'the entry of key:A')
      expect(await store.get('key:a')).toBe('the entry of key:A')
      expect(await store.delete('key:A')).toBe(true)
      expect(await store.get('key:a')).toBeUndefined()
      await close()
    })

    it(`an entry over the 65,535 bytes of its TEXT column fails the set, and is never cut (Keyv ${backend.keyv})`, async () => {
      const { keyv, close } = await backend.open()
      const store = keyvStore(keyv)
      await expect(store.set('long', 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect(await store.get('long')).toBeUndefined()
      await close()
    })
  }
})

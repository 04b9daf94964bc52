import { createAutocache } from '@autocache/core'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { keyvStore } from '../src/index.ts'

const keyv = new Keyv({ store: new KeyvSqlite('sqlite://cache.sqlite') })
keyv.on('error', (error) => console.error('The cache:', error))

const cache = createAutocache({ store: keyvStore(keyv), namespace: 'shop', ttl: '10m' })

const quote = cache.cached(async (sku: string) => ({ sku, at: new Date() }), { name: 'quote', version: '1' })

const first = await quote('sku-1')
const second = await quote('sku-1')
console.log(second.at instanceof Date, second.at.getTime() === first.at.getTime())

await quote.invalidate('sku-1')
await keyv.disconnect()

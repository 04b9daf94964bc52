import { cached, createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'

// In this process: nothing to configure, and a synchronous function stays synchronous.
const area = cached((shape: { width: number; height: number }) => shape.width * shape.height)
console.log(area({ width: 3, height: 4 }), area({ height: 4, width: 3 })) // computed once

// Over your own store: the next process finds what this one computed.
const keyv = new Keyv({ store: new KeyvSqlite('sqlite://cache.sqlite') })
const cache = createAutocache({ store: keyvStore(keyv), namespace: 'shop', ttl: '10m' })

async function findUser(id: string) {
  console.log('asking the database')
  return id === '42' ? { id, since: new Date(0), roles: new Set(['admin']) } : undefined
}
const user = cache.cached(findUser, { name: 'findUser', ttl: '5m', version: '1' }) // raise it when findUser changes; a build does that for you

console.log(await user('42')) // asks the database
console.log(await user('42')) // does not; the Date is a Date and the Set a Set
console.log(await user('7'), await user('7')) // asks once: undefined is a value
await user.invalidate('42')

await keyv.disconnect()

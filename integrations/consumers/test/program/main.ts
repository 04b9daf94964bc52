/** A program over the published packages. It compiles under every TypeScript we support, and prints `ok` when it runs. */
import { cached, createAutocache, isAutocacheError, memoryStore } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import { Keyv } from 'keyv'

export const area = cached((width: number, height: number) => width * height, { store: memoryStore({ max: 10 }) })
export const cache = createAutocache({ store: keyvStore(new Keyv()), namespace: 'consumer', ttl: '1m' })
export const user = cache.cached(async (id: string) => ({ id, visits: new Map([[id, new Date(0)]]) }), {
  name: 'user',
  version: '1',
})

const sync: number = area(2, 3)
const asynchronous: Promise<{ id: string; visits: Map<string, Date> }> = user('42')
// @ts-expect-error the arguments keep their types
const refused = () => area('2', 3)

await asynchronous
const { id, visits } = await user('42')
const right = sync === 6 && id === '42' && visits.get('42')?.getTime() === 0 && typeof refused === 'function'
if (!right || isAutocacheError(new Error('mine'))) throw new Error('the packed packages answer wrongly')
console.log('ok')

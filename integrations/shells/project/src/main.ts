import { cache } from './cache.ts'
import { Orders } from './orders.ts'
import { calls } from './plain.ts'
import { Repository } from './repository.ts'
import { say } from './say.ts'

const orders = new Orders(new Repository())
const handle = cache.of(orders, 'total')
await say([...calls, { name: 'total', handle, args: ['1'], run: () => orders.total('1') }])

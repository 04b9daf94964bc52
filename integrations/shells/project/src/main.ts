import { cache } from './cache.ts'
import { Invoices } from './invoices.ts'
import { Ledger } from './ledger.ts'
import { Orders } from './orders.ts'
import { calls } from './plain.ts'
import { Repository } from './repository.ts'
import { say } from './say.ts'
import { Table } from './table.ts'

const orders = new Orders(new Repository())
const total = cache.of(orders, 'total')
const invoices = new Invoices(new Ledger(new Table()))
const due = cache.of(invoices, 'due')
await say([
  ...calls,
  { name: 'total', handle: total, args: ['1'], run: () => orders.total('1') },
  { name: 'due', handle: due, args: ['ann'], run: () => invoices.due('ann') },
])

/** Calls each function once and prints what it was cached as, and whether the store had it. */
import { cache, close } from './cache.js'
import { Orders } from './orders.js'
import numbered, { countryRate, gross, pricer, shipping } from './price.js'
import { Repository } from './repository.js'

interface Handle {
  readonly label: string
  readonly version: string
  keyOf(...args: any[]): string
}
type Call = readonly [name: string, handle: Handle, args: readonly unknown[], run: () => Promise<unknown>]

const call = (name: string, fn: ((...args: any[]) => Promise<unknown>) & Handle, ...args: readonly unknown[]): Call => [
  name,
  fn,
  args,
  () => fn(...args),
]

async function main(): Promise<void> {
  const orders = new Orders(new Repository())
  const calls: Call[] = [
    call('gross', gross, 10.5),
    call('countryRate', countryRate, 'AT'),
    call('shipping', shipping, 2),
    call('inFrancs', pricer('CHF', { rate: 0.95 }), 10),
    call('inPounds', pricer('GBP', { rate: 0.85 }), 10),
    call('numbered', numbered, '7'),
    ['total', cache.of(orders, 'total'), ['1'], () => orders.total('1')],
  ]
  const said: Record<string, object> = {}
  for (const [name, handle, args, run] of calls) {
    let from = 'store'
    const off = cache.on('fill', () => {
      from = 'run'
    })
    const value = await run()
    off()
    said[name] = { label: handle.label, version: handle.version, key: handle.keyOf(...args), value, from }
  }
  await close()
  console.log(JSON.stringify(said))
}

void main()

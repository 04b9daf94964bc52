import { factory, options, other, price, short, stale } from '../../lib/prices'
import { show } from '../../lib/show'

export const dynamic = 'force-dynamic'

const calls: Record<string, (arg: string) => Promise<unknown>> = {
  price,
  other,
  short: () => short(),
  stale: () => stale(),
  options: (arg) => options(new Map([[arg, arg]])),
  factory: (arg) => factory(Number(arg))(2),
  invalidate: (arg) => price.invalidate(arg),
  invalidateAll: () => price.invalidateAll(),
}

export async function GET(request: Request) {
  const { searchParams } = new URL(request.url)
  const found = []
  for (const call of searchParams.getAll('call')) {
    const [name, arg = 'ada'] = call.split(',') as [string, string?]
    try {
      found.push(show(await calls[name]!(arg)))
    } catch (error) {
      found.push({ error: String(error) })
    }
  }
  return Response.json(found)
}

import { revalidateTag } from 'next/cache'
import * as bad from '../../lib/bad'
import { plus } from '../../lib/helper'
import { inner, outer, within } from '../../lib/nested'
import { factory, options, other, price, short, stale } from '../../lib/prices'
import * as same from '../../lib/same'
import { show } from '../../lib/show'
import * as values from '../../lib/values'

export const dynamic = 'force-dynamic'

const calls: Record<string, (arg: string) => Promise<unknown>> = {
  price,
  other,
  /** Not cached: what the code that runs now gives. */
  plus: async (arg) => plus(arg.length),
  short: () => short(),
  stale: () => stale(),
  options: (arg) => options(new Map([[arg, arg]])),
  factory: (arg) => factory(Number(arg))(2),
  inner: () => inner(1),
  outer: () => outer(1),
  within: () => within(1),
  total: (arg) => values.total(Number(arg)),
  sameTotal: (arg) => same.total(Number(arg)),
  kinds: () => values.kinds(),
  instance: async () => (await values.instance()).run,
  held: (arg) => values.held(arg),
  later: (arg) => values.later(arg),
  large: async (arg) => (await bad.large(Number(arg))).run,
  session: () => bad.session(),
  stream: async () => (await bad.stream()).text(),
  unfaithful: async () => (await bad.unfaithful()).run,
  failing: () => bad.failing(),
  unstamped: () => bad.unstamped(),
  invalidate: (arg) => price.invalidate(arg),
  invalidateAll: () => price.invalidateAll(),
  endInner: () => inner.invalidate(1),
  revalidateTag: async (arg) => revalidateTag(arg, { expire: 0 }),
}

/** Calls what the request names, in that order: `?call=price,ada&call=other`. */
export async function GET(request: Request) {
  const found = []
  for (const call of new URL(request.url).searchParams.getAll('call')) {
    const [name, arg = 'ada'] = call.split(',') as [string, string?]
    try {
      found.push(show(await calls[name]!(arg)))
    } catch (error) {
      found.push({ error: String(error) })
    }
  }
  return Response.json(found)
}

import { ours, theirs, typed } from '../../lib/bench'

export const dynamic = 'force-dynamic'

const candidates = { ours, theirs, typed }

/** Medians of the time of one hit, in microseconds, of rounds that take turns. */
export async function GET(request: Request) {
  const rounds = Number(new URL(request.url).searchParams.get('rounds') ?? 30)
  const times: Record<string, number[]> = { ours: [], theirs: [], typed: [] }
  for (const call of Object.values(candidates)) await call({ id: 1 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (let round = 0; round < rounds; round++) {
    for (const [name, call] of Object.entries(candidates)) {
      const start = performance.now()
      for (let at = 0; at < 200; at++) await call({ id: 1 })
      times[name]!.push(((performance.now() - start) / 200) * 1000)
    }
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!
  return Response.json(Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])))
}

import { ours, theirs, typed } from '../../lib/bench'

export const dynamic = 'force-dynamic'

const candidates = { ours, theirs, typed }

/** Medians of the time of one hit in microseconds, of rounds that take turns, and of ours as a multiple of theirs. */
export async function GET(request: Request) {
  const rounds = Number(new URL(request.url).searchParams.get('rounds') ?? 30)
  const times: Record<string, number[]> = { ours: [], theirs: [], typed: [] }
  const ratios: number[] = []
  for (const call of Object.values(candidates)) await call({ id: 1 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  for (let round = 0; round < rounds; round++) {
    // Each begins as often after the other.
    const order = Object.entries(candidates)
    const of: Record<string, number> = {}
    for (const [name, call] of round % 2 === 0 ? order : order.reverse()) {
      const start = performance.now()
      for (let at = 0; at < 200; at++) await call({ id: 1 })
      of[name] = ((performance.now() - start) / 200) * 1000
      times[name]!.push(of[name]!)
    }
    ratios.push(of.ours! / of.theirs!)
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!
  const medians = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
  return Response.json({ ...medians, ratio: median(ratios) })
}

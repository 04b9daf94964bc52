import { connection } from 'next/server'
import { candidates } from '../../lib/candidates'

type Call = (query: { readonly id: number }) => Promise<{ readonly id: number; readonly run: string }>

const calls: readonly (readonly [name: string, call: Call])[] = Object.entries(candidates)

/** Nothing can answer from the last call. */
const ids = Array.from({ length: 64 }, (_, at) => at + 1)

/** The processor's time: a hit waits for nobody, and what others do on the machine is not its cost. */
async function timed(call: Call): Promise<number> {
  const start = process.cpuUsage()
  for (let lap = 0; lap < 4; lap++) for (const id of ids) await call({ id })
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1e3) / (4 * ids.length)
}

/** What each answers for each call: while these runs do not change, every call was a hit. */
async function runs(): Promise<string> {
  const found = []
  for (const [name, call] of calls) {
    for (const id of ids) {
      const answer = await call({ id })
      if (answer.id !== id) throw new Error(`${name} answers ${answer.id} for ${id}`)
      found.push(answer.run)
    }
  }
  return found.join()
}

/** Nanoseconds of the processor for one hit, by name, for each round; every round measures all of them, in an order of its own. */
export async function GET(request: Request) {
  await connection()
  const rounds = Number(new URL(request.url).searchParams.get('rounds'))
  const before = await runs()
  const times: Record<string, number[]> = Object.fromEntries(calls.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const order = calls.map((each) => [Math.random(), each] as const).sort(([a], [b]) => a - b)
    for (const [, [name, call]] of order) times[name]!.push(await timed(call))
  }
  if (rounds > 0 && (await runs()) !== before) throw new Error('A call that was timed was not a hit.')
  return Response.json(times)
}

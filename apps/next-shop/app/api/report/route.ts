import { connection } from 'next/server'
import { report } from '../../../lib/report'
import { timed } from '../../../lib/timed'

export async function GET() {
  await connection()
  const { value, ...timing } = await timed(
    () => report(500),
    ({ computedAt }) => computedAt,
    10_000,
  )
  return Response.json({ ...timing, computedAt: value.computedAt, hours: value.delays.size })
}

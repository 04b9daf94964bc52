import { total } from '../../lib/same'

export const runtime = 'edge'

export async function GET() {
  return Response.json([await total(1), await total(2)])
}

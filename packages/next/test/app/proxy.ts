import { type NextRequest, NextResponse } from 'next/server'
import { price } from './lib/prices'

export const config = { matcher: '/route' }

export async function proxy(request: NextRequest) {
  const answer = NextResponse.next()
  if (request.nextUrl.searchParams.has('proxy')) answer.headers.set('x-price', (await price('ada')).run)
  return answer
}

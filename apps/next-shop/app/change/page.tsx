import type { Metadata } from 'next'
import { updateTag } from 'next/cache'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Timing } from '../../components/timing'
import { atlas, country } from '../../lib/atlas'
import { timed } from '../../lib/timed'

export const metadata: Metadata = { title: 'Invalidate' }

async function endOne() {
  'use server'
  await country.invalidate('japan')
}

async function endFunction() {
  'use server'
  await country.invalidateAll()
}

async function endTag() {
  'use server'
  updateTag('atlas')
}

const actions = [
  [endOne, 'End Japan'],
  [endFunction, 'End every country'],
  [endTag, 'End what has the tag “atlas”'],
] as const

async function Entries() {
  await connection()
  const at = (value: { computedAt: Date } | undefined) => value!.computedAt
  return (
    <>
      <h2>The atlas</h2>
      <Timing id="all" of={await timed(() => atlas(), at)} />
      <h2>Japan</h2>
      <Timing id="japan" of={await timed(() => country('japan'), at)} />
      <h2>Peru</h2>
      <Timing id="peru" of={await timed(() => country('peru'), at)} />
    </>
  )
}

export default function Page() {
  return (
    <>
      <h1>Invalidate</h1>
      <p className="lead">
        Server Actions. <code>country.invalidate('japan')</code> ends one entry, of every release; what the action
        renders is already new. They are forms, and work without JavaScript.
      </p>
      {actions.map(([action, name]) => (
        <form action={action} key={name}>
          <button type="submit">{name}</button>
        </form>
      ))}
      <Suspense fallback={<p role="status">Loading</p>}>
        <Entries />
      </Suspense>
    </>
  )
}

import type { Metadata } from 'next'
import Link from 'next/link'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Timing } from '../../components/timing'
import { atlas, slugOf } from '../../lib/atlas'
import { timed } from '../../lib/timed'

export const metadata: Metadata = { title: 'Countries' }

async function Regions() {
  await connection()
  const found = await timed(
    () => atlas(),
    ({ computedAt }) => computedAt,
  )
  return (
    <>
      <Timing id="atlas" of={found} />
      <div className="cards">
        {[...found.value.regions].map(([region, names]) => (
          <section className="card" key={region}>
            <h2>{region}</h2>
            <ul>
              {names.map((name) => (
                <li key={name}>
                  <Link href={`/atlas/${slugOf(name)}`} prefetch={false}>
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  )
}

export default function Page() {
  return (
    <>
      <h1>Countries</h1>
      <p className="lead">
        One function that returns a <code>Map</code> and a <code>Date</code>. They come out of the cache as what went
        in.
      </p>
      <Suspense fallback={<p role="status">Loading</p>}>
        <Regions />
      </Suspense>
    </>
  )
}

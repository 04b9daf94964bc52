import type { Metadata } from 'next'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Timing } from '../../components/timing'
import { Wide } from '../../components/wide'
import { report } from '../../lib/report'
import { timed } from '../../lib/timed'

export const metadata: Metadata = { title: 'Report' }

async function Report() {
  await connection()
  const found = await timed(
    () => report(500),
    ({ computedAt }) => computedAt,
    10_000,
  )
  const most = Math.max(...found.value.delays.values())
  return (
    <>
      <Timing id="report" of={found} />
      <Wide name="Delays by the hour">
        <table>
          <caption>{found.value.flights.toLocaleString('en')} flights of 500 miles and more</caption>
          <thead>
            <tr>
              <th scope="col">Hour</th>
              <th scope="col">Mean delay in minutes</th>
            </tr>
          </thead>
          <tbody>
            {[...found.value.delays].map(([hour, delay]) => (
              <tr key={hour}>
                <th scope="row">{hour}</th>
                <td>
                  <meter min={0} max={most} value={delay} aria-label={`${delay.toFixed(1)} minutes`} />{' '}
                  {delay.toFixed(1)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  )
}

export default function Page() {
  return (
    <>
      <h1>When to fly</h1>
      <p className="lead">
        Fresh for ten seconds; for an hour after that it still answers at once while one refresh runs. Reload to see it
        change. The route <a href="/api/report">/api/report</a> has the same entry.
      </p>
      <Suspense fallback={<p role="status">Loading</p>}>
        <Report />
      </Suspense>
    </>
  )
}

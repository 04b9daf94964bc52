import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Wide } from '../../../components/wide'
import { atlas, country, slugOf } from '../../../lib/atlas'

type Props = { readonly params: Promise<{ slug: string }> }

export async function generateStaticParams() {
  const { regions } = await atlas()
  return [...regions.values()].map(([first]) => ({ slug: slugOf(first!) }))
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const found = await country((await params).slug)
  return { title: found?.name ?? 'Not found' }
}

export default async function Page({ params }: Props) {
  const found = await country((await params).slug)
  if (!found) notFound()
  const { name, region, years } = found
  const most = Math.max(...years.map(({ life }) => life))
  return (
    <>
      <h1>{name}</h1>
      <p className="lead">{region}. The title of this page and its body call one function, which runs once.</p>
      <Wide name={`${name} every five years`}>
        <table>
          <caption>{name} every five years</caption>
          <thead>
            <tr>
              <th scope="col">Year</th>
              <th scope="col" className="number">
                People
              </th>
              <th scope="col">Life expectancy</th>
              <th scope="col" className="number">
                Children per woman
              </th>
            </tr>
          </thead>
          <tbody>
            {years.map(({ year, people, life, fertility }) => (
              <tr key={year.getTime()}>
                <th scope="row">{year.getUTCFullYear()}</th>
                <td className="number">{people.toLocaleString('en')}</td>
                <td>
                  <meter min={0} max={most} value={life} aria-label={`${life} years`} /> {life}
                </td>
                <td className="number">{fertility}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  )
}

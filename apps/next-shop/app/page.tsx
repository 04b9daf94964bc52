import Link from 'next/link'

const features = [
  [
    '/atlas',
    'Atlas',
    'A server component and its pages, made by generateStaticParams. Values keep their types: a Map, Dates, big integers.',
  ],
  [
    '/report',
    'Report',
    'Two hundred thousand flights in a function that is worth caching: fresh, stale while it is refreshed, or a miss.',
  ],
  ['/api/report', 'The same report as a route', 'A Route Handler that calls the same function gets the same entry.'],
  [
    '/change',
    'Invalidate',
    'A Server Action that ends one entry, all of a function, or all with a tag. It works without JavaScript.',
  ],
  [
    '/side-by-side',
    'Side by side',
    'The same jobs by autocache, by plain unstable_cache and by ‘use cache’: what each answers, and what a deploy leaves.',
  ],
] as const

export default function Start() {
  return (
    <>
      <h1>An atlas that remembers</h1>
      <p className="lead">
        Each page calls cached functions and shows what answered: the cache or the function, and how long that took.
        Build it again after you changed a comment: everything is still warm. Change a helper: only what reaches it is
        computed again.
      </p>
      <div className="cards">
        {features.map(([href, name, text]) => (
          <section className="card" key={href}>
            <h2>
              <Link href={href} prefetch={false}>
                {name}
              </Link>
            </h2>
            <p>{text}</p>
          </section>
        ))}
      </div>
    </>
  )
}

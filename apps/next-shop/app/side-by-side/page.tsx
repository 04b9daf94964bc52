import type { Metadata } from 'next'
import { connection } from 'next/server'
import { type ReactNode, Suspense } from 'react'
import { Wide } from '../../components/wide'
import { ours, plain, useCache } from '../../lib/side-by-side'

export const metadata: Metadata = { title: 'Side by side' }

/** What one of the three answered, in words, and whether that is right. */
interface Answer {
  readonly text: string
  readonly right: boolean
}

const kinds = [
  ['autocache', ours],
  ['unstable_cache', plain],
  ['‘use cache’', useCache],
] as const

type Kind = (typeof kinds)[number][1]

const jobs: readonly (readonly [name: string, asks: ReactNode, ask: (kind: Kind) => Promise<Answer>])[] = [
  [
    'A Map as an argument',
    'Asked with {colour}, then with {size}.',
    async ({ filter }) => {
      await filter(new Map([['colour', 'red']]))
      const { asked } = await filter(new Map([['size', 'L']]))
      return { text: `answers for {${asked}}`, right: asked === 'size' }
    },
  ],
  [
    'A captured variable',
    '2 at the rate 3, then 2 at the rate 4.',
    async ({ price }) => {
      await price(3)(2)
      const { total } = await price(4)(2)
      return { text: `answers ${total}`, right: total === 8 }
    },
  ],
  [
    'A Date in the result',
    'Asked twice: what is it the second time?',
    async ({ date }) => {
      await date()
      const { when } = await date()
      const is: unknown = when
      return { text: is instanceof Date ? 'a Date' : `a ${typeof is}`, right: is instanceof Date }
    },
  ],
]

async function answerOf(ask: (kind: Kind) => Promise<Answer>, kind: Kind): Promise<Answer> {
  try {
    return await ask(kind)
  } catch (error) {
    return { text: `throws ${String(error).slice(0, 60)}`, right: false }
  }
}

/** When each of them computed what it answers now: after a deploy, whose is older than the build? */
async function Ages() {
  const rows = []
  for (const [name, { date }] of kinds) rows.push([name, new Date((await date()).computedAt)] as const)
  return (
    <tr>
      <th scope="row">
        A deploy<span className="quiet"> Computed at; reload, deploy, and look again.</span>
      </th>
      {rows.map(([name, at]) => (
        <td key={name} data-deploy={name}>
          <time dateTime={at.toISOString()}>{at.toISOString().slice(11, 23)}</time>
        </td>
      ))}
    </tr>
  )
}

async function Rows() {
  await connection()
  const rows = []
  for (const [name, asks, ask] of jobs) {
    const answers = []
    for (const [kind, functions] of kinds) answers.push([kind, await answerOf(ask, functions)] as const)
    rows.push(
      <tr key={name}>
        <th scope="row">
          {name} <span className="quiet">{asks}</span>
        </th>
        {answers.map(([kind, { text, right }]) => (
          <td key={kind} data-job={name} data-kind={kind} data-right={right}>
            <span className={right ? 'fresh' : 'miss'}>{right ? 'right: ' : 'wrong: '}</span>
            {text}
          </td>
        ))}
      </tr>,
    )
  }
  return (
    <Wide name="The same functions, cached three ways">
      <table>
        <caption>The same functions, cached three ways</caption>
        <thead>
          <tr>
            <td />
            {kinds.map(([kind]) => (
              <th scope="col" key={kind}>
                {kind}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows}
          <Ages />
        </tbody>
      </table>
    </Wide>
  )
}

export default function Page() {
  return (
    <>
      <h1>Side by side</h1>
      <p className="lead">
        Each job is done when you load this page. <code>unstable_cache</code> keys by the text of a function and JSON;{' '}
        <code>‘use cache’</code> keys arguments and captures well, and belongs to one build.
      </p>
      <Suspense fallback={<p role="status">Loading</p>}>
        <Rows />
      </Suspense>
    </>
  )
}

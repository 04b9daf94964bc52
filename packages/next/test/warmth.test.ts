/**
 * What a deploy that changes one of thirty cached functions leaves warm: by autocache, by plain `unstable_cache`, and by
 * `'use cache'` over a store that outlives the process; with `AUTOCACHE_LONG=1` also with Next's flag for entries that outlive a build.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program } from './support/next.ts'

const kinds = ['ours', 'plain', 'useCache']

/** Six modules of five functions, for each kind; each function has a helper of its own. */
const modules = 6
const functions = 5

let program: Program

/** Long enough that no bundler puts it into the text of its callers. */
const helper = (by: number) => `const steps = [${by}, 0, 0, 0]

export function add(n: number): number {
  let sum = n
  for (const step of steps) {
    if (step === 0) continue
    sum += step
  }
  return sum
}
`

beforeAll(() => {
  program = new Program('warmth')
  // A program of its own: what it needs of the fixture is the configuration.
  program.keepRoute()
  program.remove('app/route', 'proxy.ts')
  const each = <T>(count: number, make: (at: number) => T) => Array.from({ length: count }, (_, at) => make(at))
  for (let m = 0; m < modules; m++) {
    for (let f = 0; f < functions; f++) program.write(`many/helper-${m}-${f}.ts`, helper(m * functions + f))
    const body = (f: number) => `({ value: add${f}(n), run: stamp('${m}.${f}') })`
    /** For each kind a module of its own: what one of them needs must not make another cold. */
    const write = (kind: string, imported: string, make: (f: number) => string) =>
      program.write(
        `many/${kind}-${m}.ts`,
        [
          imported,
          "import { stamp } from '../lib/runs'",
          ...each(functions, (f) => `import { add as add${f} } from './helper-${m}-${f}'`),
          ...each(functions, make),
        ].join('\n'),
      )
    write(
      'ours',
      "import { cached } from '@autocache/next'",
      (f) => `export const ours${f} = cached(async (n: number) => ${body(f)}, { ttl: '1h' })`,
    )
    write(
      'plain',
      "import { unstable_cache } from 'next/cache'",
      (f) => `const work${f} = async (n: number) => ${body(f)}
export const plain${f} = unstable_cache(work${f}, ['${m}.${f}'], { revalidate: 3600 })`,
    )
    write(
      'useCache',
      '',
      (f) => `export async function useCache${f}(n: number) {
  'use cache: remote'
  return ${body(f)}
}`,
    )
  }
  const list = (kind: string) =>
    each(modules, (m) => each(functions, (f) => `await ${kind}${m}.${kind}${f}(1)`))
      .flat()
      .join(',\n    ')
  program.write(
    'app/many/route.ts',
    `import { connection } from 'next/server'
${each(modules, (m) => kinds.map((kind) => `import * as ${kind}${m} from '../../many/${kind}-${m}'`))
  .flat()
  .join('\n')}

export async function GET() {
  await connection()
  const ours = [${list('ours')}]
  const plain = [${list('plain')}]
  const useCache = [${list('useCache')}]
  return Response.json({ ours, plain, useCache })
}
`,
  )
})
afterAll(() => program.dispose())

type Answers = Readonly<
  Record<'ours' | 'plain' | 'useCache', readonly { readonly value: number; readonly run: string }[]>
>

async function deployed(env: Record<string, string>): Promise<Answers> {
  await program.build({ env })
  const server = await program.start(env)
  try {
    const answers = JSON.parse(await server.text('/many')) as Answers
    expect(JSON.parse(await server.text('/many')), 'warm within a deploy').toEqual(answers)
    return answers
  } finally {
    await server.stop()
  }
}

/** How many entries of the deploy before still answer, and how many answers are not what the code now says. */
function compare(before: Answers, after: Answers) {
  const of = (kind: keyof Answers) => ({
    warm: after[kind].filter(({ run }, at) => run === before[kind][at]!.run).length,
    wrong: after[kind].filter(({ value }, at) => value !== (at === 0 ? 1001 : at + 1)).length,
  })
  return { ours: of('ours'), plain: of('plain'), useCache: of('useCache') }
}

const line = (name: string, { warm, wrong }: { warm: number; wrong: number }) =>
  `${name}: ${warm} of 30 warm, ${wrong} wrong`

test('a deploy that changes what one of thirty functions reaches leaves twenty-nine warm', async () => {
  const env = { CACHE_COMPONENTS: '1' }
  const first = await deployed(env)
  program.write('many/helper-0-0.ts', helper(1000))
  const plainly = compare(first, await deployed(env))
  console.log(
    [
      line('autocache', plainly.ours),
      line('unstable_cache', plainly.plain),
      line("'use cache: remote'", plainly.useCache),
    ].join('\n'),
  )
  expect(plainly.ours).toEqual({ warm: 29, wrong: 0 })
  // What is warm with plain `unstable_cache` is up to the names that the bundler chose: it is printed, and no bar.
  expect(plainly.useCache).toEqual({ warm: 0, wrong: 0 })
  if (!process.env.AUTOCACHE_LONG) return

  program.write('many/helper-0-0.ts', helper(0))
  const durably = { ...env, DURABLE: '1' }
  const again = await deployed(durably)
  program.write('many/helper-0-0.ts', helper(1000))
  const durable = compare(again, await deployed(durably)).useCache
  console.log(line("'use cache: remote', durable", durable))
  expect(durable.wrong).toBe(0)
  expect(durable.warm).toBeLessThan(29)
}, 900_000)

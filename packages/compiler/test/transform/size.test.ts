import { gzipSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { expect, test } from 'vitest'
import { transform } from './support.ts'

/** A module of functions as an application has them: no two alike, every third a method, some with a capture or the environment. */
function moduleOf(count: number): string {
  const one = (at: number) => {
    const [table, column] = [`table${(at * 7919) % 997}`, `column${(at * 104_729) % 991}`]
    if (at % 3 === 1)
      return `export class Service${at} { tenant = '${table}'; @cached({ ttl: ${at} }) async load${at}(id: string) { return query('${column}', this.tenant, id) } }`
    if (at % 3 === 2)
      return `export const make${at} = (ctx: Context) => cached(async (id: string) => query('${table}', ctx.user.id, process.env.REGION, id), { ttl: ${at} })`
    return `export const get${at} = cached(async (id: string) => query('${table}', '${column}', id), { ttl: ${at} })`
  }
  const lines = Array.from({ length: count }, (_, at) => one(at + 1))
  return [
    "import { cached } from './cache'",
    "import { query } from './query'",
    'interface Context { user: { id: string } }',
    ...lines,
  ].join('\n')
}

const bytes = (code: string) => {
  const options = {
    loader: 'ts',
    minify: true,
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  } as const
  return gzipSync(transformSync(code, options).code, { level: 9 }).length
}

/** What a function adds to a module, minified by esbuild and compressed by gzip, the import of the runtime included. */
const added = (count: number): number => {
  const source = moduleOf(count)
  const files = {
    'main.ts': source,
    'cache.ts': "import { createAutocache } from '@autocache/core'\nexport const { cached } = createAutocache()",
    'query.ts': 'export const query = async (...all: unknown[]) => all.join()',
  }
  const { code, stamps } = transform(files)
  expect(stamps).toHaveLength(count)
  return (bytes(code) - bytes(source)) / count
}

test('a stamp adds at most 200 bytes to a function, minified and compressed', () => {
  const figures = [1, 10, 100].map((count) => [count, Math.round(added(count))] as const)
  for (const [count, figure] of figures) {
    console.info(`${count} cached functions in a module: ${figure} bytes each`)
    expect(figure).toBeLessThanOrEqual(200)
  }
})

import { cached, type Support } from '@autocache/next'
import { expectTypeOf, test } from 'vitest'

test('signature and inference are kept, and what does not promise does', () => {
  const find = cached(async (id: string, deep?: boolean) => ({ id, deep }), { ttl: '5m' })
  expectTypeOf(find).parameters.toEqualTypeOf<[id: string, deep?: boolean]>()
  expectTypeOf(find('1')).resolves.toEqualTypeOf<{ id: string; deep: boolean | undefined }>()
  const area = cached((a: number, b: number) => a * b, { ttl: 1000 })
  expectTypeOf(area(1, 2)).toEqualTypeOf<Promise<number>>()
  const generic = cached(async <T>(value: T) => [value], { ttl: '1h' })
  expectTypeOf(generic('a')).resolves.toEqualTypeOf<string[]>()
})

test('invalidate takes the arguments of the function', () => {
  const find = cached(async (id: string) => id, { ttl: '5m' })
  expectTypeOf(find.invalidate).toBeCallableWith('1')
  // @ts-expect-error another type
  void find.invalidate(1)
  expectTypeOf(find.invalidateAll()).toEqualTypeOf<Promise<void>>()
})

test('what Next cannot do does not exist', () => {
  const fn = async (id: string) => id
  // @ts-expect-error there is no default: versions follow code and not data
  cached(fn, {})
  // @ts-expect-error Next is told before there is a value
  cached(fn, { ttl: (value: string) => value.length })
  // @ts-expect-error Next is told before there is a value
  cached(fn, { ttl: '1m', tags: (value: string) => [value] })
  // @ts-expect-error Next stores whatever is returned
  cached(fn, { ttl: '1m', cacheIf: () => true })
  // @ts-expect-error Next refreshes without asking whether it failed
  cached(fn, { ttl: '1m', staleIfError: '1h' })
  // @ts-expect-error Next takes one time for all entries
  cached(fn, { ttl: '1m', jitter: 0.1 })
  const one = cached(fn, { ttl: '1m' })
  for (const name of ['peek', 'prime', 'refresh', 'many'] as const) expectTypeOf(one).not.toHaveProperty(name)
  expectTypeOf<Support['invalidate']>().toEqualTypeOf<true>()
})

import { Cached, Invalidates } from '@autocache/nestjs'
import { describe, expectTypeOf, it } from 'vitest'

describe('the types', () => {
  it('@Cached stands on methods that promise, whose arguments fit `key`', () => {
    class Reports {
      @Cached()
      async bare(year: number) {
        return year
      }
      @Cached({ ttl: '5m', key: (year: number) => year, cacheIf: (sum: number) => sum > 0 })
      async fits(year: number, _month?: number) {
        return year
      }
      // @ts-expect-error a method that answers at once would answer with a promise over an asynchronous store
      @Cached()
      sync(year: number) {
        return year
      }
      // @ts-expect-error the key is made of another argument
      @Cached({ key: (name: string) => name })
      async other(year: number) {
        return year
      }
      // @ts-expect-error there is no such option
      @Cached({ tttl: 5 })
      async wrong() {}
      @Invalidates({ method: 'bare', args: (_result, year: number) => [year] }, { tags: ['reports'] })
      async change(year: number) {
        return year
      }
    }
    expectTypeOf<Reports['fits']>().toEqualTypeOf<(year: number, _month?: number) => Promise<number>>()
    expectTypeOf<Reports['change']>().returns.resolves.toBeNumber()
  })
})

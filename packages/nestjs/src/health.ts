import { Inject, Injectable } from '@nestjs/common'
import { Autocache } from './autocache.ts'

/** What a health indicator of @nestjs/terminus answers. */
export type AutocacheHealthResult<TKey extends string> = Record<
  TKey,
  { readonly status: 'up' | 'down' | 'degraded'; readonly message?: string; readonly [detail: string]: unknown }
>

/** How {@link AutocacheHealth} looks. */
export interface AutocacheHealthOptions {
  /**
   * What a store that does not answer means. The application answers without it, so `'degraded'` (terminus 12) keeps an
   * orchestrator from restarting what runs.
   * @default 'down'
   */
  readonly failing?: 'down' | 'degraded' | 'up' | undefined
  /** How long the store may take, in milliseconds. @default 1000 */
  readonly timeout?: number | undefined
}

/**
 * Tells whether the store answers, in the shape of @nestjs/terminus:
 * `health.check([() => autocacheHealth.check('cache')])`.
 */
export class AutocacheHealth {
  readonly #cache: Autocache

  /** Nest makes it. */
  constructor(cache: Autocache) {
    this.#cache = cache
  }

  /** Reads one key that nobody writes. Never rejects. */
  async check<const TKey extends string>(
    key: TKey,
    { failing = 'down', timeout = 1000 }: AutocacheHealthOptions = {},
  ): Promise<AutocacheHealthResult<TKey>> {
    const answer = async () => {
      let timer: NodeJS.Timeout | undefined
      try {
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`The store has not answered within ${timeout} ms.`)), timeout)
        })
        await Promise.race([this.#cache.store.get('autocache:health'), late])
        const { hit = 0, miss = 0, 'store-error': errors = 0 } = this.#cache.stats().total
        return { status: 'up' as const, hit, miss, errors }
      } catch (error) {
        return { status: failing, message: (error as Error).message }
      } finally {
        clearTimeout(timer)
      }
    }
    return { [key]: await answer() } as AutocacheHealthResult<TKey>
  }
}

Injectable()(AutocacheHealth)
Inject(Autocache)(AutocacheHealth, undefined, 0)

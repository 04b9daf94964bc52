import { type AnyFunction, AutocacheError, type FunctionOptions } from '@autocache/core'
import { Autocache, callMember } from './autocache.ts'
import { type Member, methodAt, remember, standIn } from './members.ts'
import { injectOwner, ownerOf } from './owner.ts'

/** The options of a cached method: those of core. Durations are milliseconds, or text such as `'5m'`. */
export type CachedOptions<TArgs extends readonly any[] = any[], TResult = any> = FunctionOptions<TArgs, TResult>

/** Decorates a method that promises, whose arguments and result fit the options. */
export type CachedDecorator<TArgs extends readonly any[], TResult> = <
  TMethod extends (...args: [...TArgs, ...any[]]) => Promise<TResult>,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<TMethod>,
) => void

/**
 * Caches a method of a provider, controller or resolver in the application's {@link Autocache}. Routes, guards, pipes,
 * parameters, Swagger and GraphQL see the method as before, whichever decorator stands above the other.
 *
 * It is keyed by its arguments and by what it reads of `this`; where no stamp says what that is, by the object itself in
 * process, and over a shared store `key` or a `[cacheKey]` has to say it. An argument that cannot be told apart from
 * others (a request, a response) sends the call straight through, with an event and a line of the log.
 * @throws AutocacheError `INVALID_OPTION` on anything but a method, and for an option that is wrong
 * @example
 * ```ts
 * class Reports {
 *   @Cached({ ttl: '5m' })
 *   async sales(year: number) {
 *     return this.database.sales(year)
 *   }
 * }
 * ```
 */
export function Cached<const TArgs extends readonly any[] = any[], TResult = any>(
  options: CachedOptions<TArgs, TResult> = {},
): CachedDecorator<TArgs, TResult> {
  if (typeof options !== 'object' || options === null) {
    throw new AutocacheError('INVALID_OPTION', '@Cached(options) takes an object of options, or nothing: `@Cached()`.')
  }
  return (...given: unknown[]) => {
    const fn = methodAt('Cached', given)
    const [target, name, descriptor] = given as [object, string | symbol, PropertyDescriptor]
    const member: Member = { target, name, fn, options: options as CachedOptions }
    const wrapper: AnyFunction = function (this: unknown, ...args: unknown[]): unknown {
      return callMember(ownerOf(this), member, this, args)
    }
    standIn(wrapper, fn)
    remember(wrapper, member)
    injectOwner(target, Autocache)
    descriptor.value = wrapper
  }
}

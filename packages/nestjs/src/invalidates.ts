import { type AnyFunction, AutocacheError } from '@autocache/core'
import { Logger } from '@nestjs/common'
import { type AnyHandle, Autocache } from './autocache.ts'
import { memberOf, methodAt, remember, standIn } from './members.ts'
import { injectOwner, ownerOf } from './owner.ts'

/** What `@Invalidates` removes, once the method has succeeded: entries of a cached method, or what has a tag. */
export type Invalidation<TSelf = any, TArgs extends readonly any[] = any[], TResult = any> = {
  /**
   * Whether the method rejects with the store's error where it did not acknowledge. Without it the failure is logged: what
   * the method did is done.
   * @default false
   */
  readonly strict?: boolean | undefined
} & (
  | {
      /** The object whose method is meant. @default the object of the decorated method */
      readonly of?: ((self: TSelf) => object) | undefined
      /** The name of its cached method. */
      readonly method: string
      /** The arguments of the call that is no longer right. @default every call */
      readonly args?: ((result: Awaited<TResult>, ...args: TArgs) => readonly unknown[]) | undefined
      readonly tags?: undefined
    }
  | {
      /** Tags of entries of methods and responses. */
      readonly tags: readonly string[] | ((result: Awaited<TResult>, ...args: TArgs) => readonly string[])
      readonly method?: undefined
    }
)

/**
 * Invalidates entries when the decorated method has succeeded, and before its caller hears of that.
 * @throws AutocacheError `INVALID_OPTION` on anything but a method
 * @example
 * ```ts
 * class Users {
 *   @Cached({ ttl: '5m' }) async find(id: string) {}
 *   @Invalidates({ method: 'find', args: (_user, id: string) => [id] }) async rename(id: string, name: string) {}
 * }
 * ```
 */
export function Invalidates<TSelf = any, const TArgs extends readonly any[] = any[], TResult = any>(
  ...what: readonly Invalidation<TSelf, TArgs, TResult>[]
): (target: object, name: string | symbol, descriptor: TypedPropertyDescriptor<any>) => void {
  for (const one of what)
    if (typeof one?.method !== 'string' && typeof one?.tags !== 'function' && !Array.isArray(one?.tags)) {
      throw new AutocacheError(
        'INVALID_OPTION',
        "@Invalidates takes what to invalidate: `{ method: 'find', args: (result, id) => [id] }`, or `{ tags: ['users'] }`.",
      )
    }
  return (...given: unknown[]) => {
    const fn = methodAt('Invalidates', given)
    const [target, name, descriptor] = given as [object, string | symbol, PropertyDescriptor]
    const wrapper: AnyFunction = async function (this: any, ...args: any[]): Promise<unknown> {
      const result: unknown = await fn.apply(this, args)
      const owner = ownerOf(this)
      if (owner instanceof Autocache) {
        for (const one of what) await invalidate(owner, this, name, one as Invalidation, result, args)
      }
      return result
    }
    standIn(wrapper, fn)
    const cached = memberOf(fn)
    if (cached) remember(wrapper, cached)
    injectOwner(target, Autocache)
    descriptor.value = wrapper
  }
}

async function invalidate(
  cache: Autocache,
  self: object,
  by: string | symbol,
  what: Invalidation,
  result: unknown,
  given: unknown[],
): Promise<void> {
  try {
    if (what.method === undefined) {
      const { tags } = what
      return await cache.invalidateTags(...(typeof tags === 'function' ? tags(result, ...given) : tags))
    }
    const handle = cache.of(what.of ? what.of(self) : self, what.method as never) as unknown as AnyHandle
    await (what.args ? handle.invalidate(...what.args(result, ...given)) : handle.invalidateAll())
  } catch (error) {
    if (what.strict) throw error
    const where = `${self.constructor.name}.${String(by)}`
    const meant = what.method ?? 'its tags'
    new Logger('Autocache').error(`${where} has not invalidated ${meant}: ${(error as Error).message}`)
  }
}

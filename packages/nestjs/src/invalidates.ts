import { type AnyFunction, AutocacheError } from '@autocache/core'
import { Logger } from '@nestjs/common'
import { Autocache } from './autocache.ts'
import { methodAt, standIn } from './members.ts'
import { injectOwner, ownerOf } from './owner.ts'

/** What `@Invalidates` removes, once the method has succeeded. */
export interface Invalidation<TSelf = any, TArgs extends readonly any[] = any[], TResult = any> {
  /** The object whose method is meant. @default the object of the decorated method */
  readonly of?: ((self: TSelf) => object) | undefined
  /** The name of its cached method. */
  readonly method: string
  /** The arguments of the call that is no longer right, or several such lists. */
  readonly args: (result: Awaited<TResult>, ...args: TArgs) => readonly unknown[]
  /**
   * Whether the method rejects with the store's error where it did not acknowledge. Without it the failure is logged: what
   * the method did is done.
   * @default false
   */
  readonly strict?: boolean | undefined
}

/**
 * Invalidates an entry of a cached method when the decorated method has succeeded, and before its caller hears of that.
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
    if (typeof one?.method !== 'string' || typeof one.args !== 'function') {
      throw new AutocacheError(
        'INVALID_OPTION',
        "@Invalidates takes what to invalidate: `{ method: 'find', args: (result, id) => [id] }`.",
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
    injectOwner(target, Autocache)
    descriptor.value = wrapper
  }
}

async function invalidate(
  cache: Autocache,
  self: object,
  by: string | symbol,
  { of, method, args, strict }: Invalidation,
  result: unknown,
  given: unknown[],
): Promise<void> {
  try {
    const object = of ? of(self) : self
    const handle = cache.of(object, method as never) as unknown as { invalidate(...args: unknown[]): Promise<void> }
    await handle.invalidate(...args(result, ...given))
  } catch (error) {
    if (strict) throw error
    const where = `${self.constructor.name}.${String(by)}`
    new Logger('Autocache').error(`${where} has not invalidated ${method}: ${(error as Error).message}`)
  }
}

/** The types of what `cached` returns. */
import type { Explanation, Peeked } from './handle.ts'
import type { AnyFunction } from './options.ts'
import type { Store } from './store.ts'

/** Whether a store answers with promises; one that is not known to answer at once counts as one. */
export type IsAsync<TStore> = [TStore] extends [{ get(key: string): infer TAnswer }]
  ? Extract<TAnswer, PromiseLike<any>> extends never
    ? false
    : true
  : true

/** `T`, or a promise of it over a store that answers with promises. */
type Answered<T, TAsync extends boolean> = TAsync extends true ? Promise<T> : T

/** The argument lists of every overload of a function, up to four. */
export type ArgumentsOf<TFunction> = TFunction extends {
  (this: any, ...args: infer A): any
  (this: any, ...args: infer B): any
  (this: any, ...args: infer C): any
  (this: any, ...args: infer D): any
}
  ? A | B | C | D
  : never

/** The results of every overload of a function, up to four. */
type ResultsOf<TFunction> = TFunction extends {
  (this: any, ...args: any): infer A
  (this: any, ...args: any): infer B
  (this: any, ...args: any): infer C
  (this: any, ...args: any): infer D
}
  ? A | B | C | D
  : never

/** What a cached function offers besides being called. */
export interface Handle<TFunction extends AnyFunction, TAsync extends boolean> {
  /** The readable name in its keys. */
  readonly label: string
  /** The version of its code: `s1-...`, `x-...`, `r1-...` or `p-...`. */
  readonly version: string
  /** The function that was wrapped. */
  readonly original: TFunction
  /** The key of a call, as one text. @throws UnkeyableValueError */
  keyOf(...args: ArgumentsOf<TFunction>): string
  /** What an entry would answer; never runs the function. */
  peek(...args: ArgumentsOf<TFunction>): Answered<Peeked<Awaited<ResultsOf<TFunction>>>, TAsync>
  /** Runs the function now, whatever is stored, and stores what it returns. */
  refresh(
    ...args: ArgumentsOf<TFunction>
  ): TAsync extends true ? Promise<Awaited<ResultsOf<TFunction>>> : ResultsOf<TFunction>
  /**
   * Stores a value as if the function had returned it; a promise of it where the function promises.
   * @throws StoreError (as a rejection over an asynchronous store) where the store did not acknowledge it
   * @throws UnstorableValueError where it cannot be stored faithfully
   */
  prime(
    args: ArgumentsOf<TFunction>,
    value: ResultsOf<TFunction> | Awaited<ResultsOf<TFunction>>,
  ): Answered<void, TAsync> | Extract<ResultsOf<TFunction>, PromiseLike<any>>
  /**
   * Removes the entry of a call, and ends those that other versions of the function made of it, in every process. A fill
   * under way is not stored, and a call that starts afterwards does not wait for it.
   * @throws StoreError (as a rejection over an asynchronous store) where the store did not acknowledge it
   */
  invalidate(...args: ArgumentsOf<TFunction>): Answered<void, TAsync>
  /**
   * Ends every entry of the function, of every version and in every process, by one write: nothing is looked for.
   * @throws StoreError (as a rejection over an asynchronous store) where the store did not acknowledge it
   */
  invalidateAll(): Answered<void, TAsync>
  /**
   * Answers many calls by one read where the store has one, fills what is missing, and settles each by itself, in the
   * order of the list.
   */
  many(
    calls: readonly ArgumentsOf<TFunction>[],
    options?: { readonly concurrency?: number },
  ): Promise<PromiseSettledResult<Awaited<ResultsOf<TFunction>>>[]>
  /** Why this key and version, and what a call would find. */
  explain(...args: ArgumentsOf<TFunction>): Answered<Explanation, TAsync>
}

/** A function over a store that promises: itself where it promises already, else its promising form. */
type Promising<TFunction extends AnyFunction> = [ResultsOf<TFunction>] extends [Promise<any>]
  ? TFunction
  : (this: ThisParameterType<TFunction>, ...args: Parameters<TFunction>) => Promise<Awaited<ReturnType<TFunction>>>

/**
 * What `cached(fn)` returns: over a store that answers at once the function's own type; over one that promises, the type
 * with a promised result. A generic or overloaded function that does not promise loses its type parameters or overloads
 * there: declare it `async`.
 */
export type CachedFunction<TFunction extends AnyFunction, TStore extends Store> =
  IsAsync<TStore> extends true ? Promising<TFunction> & Handle<TFunction, true> : TFunction & Handle<TFunction, false>

/** The handle of a method for one object. */
export type CachedMember<TMember, TStore extends Store> = TMember extends AnyFunction
  ? Handle<TMember, IsAsync<TStore>>
  : never

import 'reflect-metadata'
import { type AnyFunction, AutocacheError, type FunctionOptions } from '@autocache/core'
import { putStamp, type Stamp, stampOf } from '@autocache/core/plumbing'

/** A method that `@Cached` stands on. */
export interface Member {
  /** The prototype of the class that wrote it. */
  readonly target: object
  readonly name: string | symbol
  /** The method as it was written. */
  readonly fn: AnyFunction
  readonly options: FunctionOptions
}

const members = new WeakMap<AnyFunction, Member>()

/** The member behind a function, where `@Cached` made that function. */
export function memberOf(fn: unknown): Member | undefined {
  return typeof fn === 'function' ? members.get(fn as AnyFunction) : undefined
}

/** Notes what a wrapper stands for. */
export function remember(wrapper: AnyFunction, member: Member): void {
  members.set(wrapper, member)
}

/** The cached methods that objects of a class answer to, inherited ones included, by their names. */
export function membersOf(prototype: object): Map<string | symbol, Member> {
  const found = new Map<string | symbol, Member>()
  const seen = new Set<string | symbol>()
  for (
    let at: object | null = prototype;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  )
    for (const name of Reflect.ownKeys(at)) {
      if (seen.has(name)) continue
      seen.add(name)
      const member = memberOf(Object.getOwnPropertyDescriptor(at, name)?.value)
      if (member) found.set(name, member)
    }
  return found
}

/** The stamp of a decorated method: on what was written, or on what stands in its place. */
export function stampOfMember(fn: AnyFunction): Stamp | undefined {
  const member = memberOf(fn)
  const stamp = stampOf(fn)
  if (!member) return stamp
  if (stamp && !stampOf(member.fn)) putStamp(member.fn, stamp)
  return stampOf(member.fn)
}

/**
 * Puts `wrapper` in the place of a method: it has the method's name, length, properties and metadata, so that whatever
 * reads them (routes, guards, pipes, Swagger, GraphQL) finds them there.
 */
export function standIn(wrapper: AnyFunction, fn: AnyFunction): void {
  for (const key of Reflect.ownKeys(fn)) {
    if (key === 'prototype') continue
    const property = Object.getOwnPropertyDescriptor(fn, key)
    if (property?.configurable) Object.defineProperty(wrapper, key, property)
  }
  for (const key of Reflect.getOwnMetadataKeys(fn))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, fn), wrapper)
}

/** The method that a decorator stands on. @throws AutocacheError `INVALID_OPTION` where that is none */
export function methodAt(decorator: string, given: readonly unknown[]): AnyFunction {
  const [target, name, descriptor] = given
  const wrong = (what: string, remedy: string) =>
    new AutocacheError('INVALID_OPTION', `@${decorator}() stands on ${what}. ${remedy}`)
  const ofNest = 'It decorates methods of providers and controllers.'
  if (given.length === 1 || name === undefined) return fail(wrong(`the class ${nameOf(target)}`, ofNest))
  if (typeof name === 'object' && name !== null) {
    const remedy = 'Nest needs "experimentalDecorators" and "emitDecoratorMetadata" in tsconfig.json.'
    return fail(wrong('a member compiled with TC39 decorators', remedy))
  }
  const isStatic = typeof target === 'function'
  const where = `${isStatic ? nameOf(target) : nameOf((target as object | null)?.constructor)}.${String(name)}`
  if (isStatic) {
    const remedy = 'Nest injects into objects, not into classes. Use `autocache.cached(fn)` for functions.'
    return fail(wrong(descriptor === undefined ? `the constructor of ${where}` : `the static method ${where}`, remedy))
  }
  const { value, get, set } = (descriptor ?? {}) as PropertyDescriptor
  if (get || set) return fail(wrong(`the accessor ${where}`, 'Make it a method.'))
  if (name === 'constructor') return fail(wrong(`the constructor of ${nameOf(value)}`, ofNest))
  if (typeof value !== 'function') return fail(wrong(`the property ${where}`, ofNest))
  return value as AnyFunction
}

function nameOf(value: unknown): string {
  return (typeof value === 'function' && value.name) || 'a class without a name'
}

function fail(error: Error): never {
  throw error
}

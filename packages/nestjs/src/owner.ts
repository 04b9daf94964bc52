import { Inject, type Type } from '@nestjs/common'

const key: unique symbol = Symbol('Autocache')
const apart = new WeakMap<object, unknown>()

/**
 * Has Nest inject the provider of `token` into every object of a class, those made per request too. It arrives through a
 * setter, in a property that nobody lists, so that objects look as they did.
 */
export function injectOwner(prototype: object, token: Type<unknown>): void {
  if (key in prototype) return
  Object.defineProperty(prototype, key, {
    configurable: true,
    get(this: object) {
      return apart.get(this)
    },
    set: function (this: object, owner: unknown) {
      setOwner(this, owner)
    },
  })
  Inject(token)(prototype, key)
}

/** Says whose an object is. */
export function setOwner(object: object, owner: unknown): void {
  if (Object.isExtensible(object)) Object.defineProperty(object, key, { value: owner, configurable: true })
  else apart.set(object, owner)
}

/** Whose an object is: nobody's where Nest did not make it. */
export function ownerOf(object: unknown): unknown {
  return typeof object === 'object' && object !== null ? (object as { [key]?: unknown })[key] : undefined
}

// What Node has and this runtime has not. The test that uses it is skipped, and the reason says which it was.
import { getCurrentTest } from '@vitest/runner'

const traps = ['apply', 'construct', 'get', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'has', 'ownKeys']

/** Skips the running test, if one is running. */
export function skip(name) {
  const test = getCurrentTest()
  if (test?.result?.state !== 'run') return
  // The test may catch what `skip` throws.
  test.meta.needs = `needs ${name}`
  test.context.skip(test.meta.needs)
}

/**
 * A function that skips the running test when it is used. While tests are being collected it can be read, and called:
 * what comes out of it is an object that does the same.
 */
export function unavailable(name, target = class {}) {
  const trap = (kind) => (target, key) => {
    skip(name)
    if (kind === 'apply' || kind === 'construct') return unavailable(name, {})
    if (kind === 'get' && typeof key === 'string' && key !== 'then') return unavailable(`${name}.${key}`)
    return Reflect[kind](target, key)
  }
  return new Proxy(target, Object.fromEntries(traps.map((kind) => [kind, trap(kind)])))
}

// What Node has and this runtime has not. The test that uses it is skipped, and the reason says which it was.
import { getCurrentTest } from '@vitest/runner'

const traps = ['apply', 'construct', 'get', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'has', 'ownKeys']

/**
 * A function that skips the running test when it is used. While tests are being collected it can be called or read, and
 * what comes out of it is another.
 */
export function unavailable(name) {
  const trap = (kind) => (target, key) => {
    const test = getCurrentTest()
    if (test) {
      // The test may catch what `skip` throws.
      test.meta.needs = `needs ${name}`
      test.context.skip(test.meta.needs)
    }
    if (kind === 'apply' || kind === 'construct') return unavailable(name)
    if (kind === 'get' && typeof key === 'string' && key !== 'then') return unavailable(`${name}.${key}`)
    return Reflect[kind](target, key)
  }
  return new Proxy(class {}, Object.fromEntries(traps.map((kind) => [kind, trap(kind)])))
}

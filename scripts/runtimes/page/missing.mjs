// What Node has and this runtime has not. The test that uses it is skipped, and the reason says which it was.
import { getCurrentTest } from '@vitest/runner'

/** A function, and everything reached through it, that skips the running test when it is called. */
export function unavailable(name) {
  const skip = () => {
    const test = getCurrentTest()
    if (test) test.context.skip(`needs ${name}`)
    throw new Error(`needs ${name}`)
  }
  return new Proxy(() => {}, {
    apply: skip,
    construct: skip,
    get: (_, key) => (typeof key === 'symbol' || key === 'then' ? undefined : unavailable(`${name}.${key}`)),
  })
}

// What core's tests import from 'vitest' where Vitest itself cannot run (workerd, a page): its own collector, matchers
// and spies, put together as Vitest does it. No mocked modules and no fake timers.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  chai,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect'
import { getCurrentTest } from '@vitest/runner'
import { fn, restoreAllMocks, spyOn } from '@vitest/spy'
import { skip, unavailable } from './missing.mjs'

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner'

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

export const expect = Object.assign(
  (value, message) => {
    const assertion = chai.expect(value, message)
    return chai.util.flag(assertion, 'vitest-test', getCurrentTest()) ?? assertion
  },
  chai.expect,
  globalThis[ASYMMETRIC_MATCHERS_OBJECT],
  {
    getState: () => getState(expect),
    setState: (state) => setState(state, expect),
    extend: (matchers) => chai.expect.extend(expect, matchers),
    addEqualityTesters: addCustomEqualityTesters,
    unreachable: (message = '') => chai.assert.fail(`expected not to be reached: ${message}`),
  },
)
globalThis[Symbol.for('expect-global')] = expect
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null, customTesters: [] }, expect)

/** Globals that a test replaced, with what they were. */
const replaced = new Map()

export const vi = {
  fn,
  spyOn,
  restoreAllMocks,
  async waitFor(callback) {
    for (const until = Date.now() + 1000; ; ) {
      try {
        return await callback()
      } catch (error) {
        if (Date.now() > until) throw error
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  },
  async waitUntil(callback, { timeout = 1000 } = {}) {
    for (const until = Date.now() + timeout; ; ) {
      const value = await callback()
      if (value) return value
      if (Date.now() > until) throw new Error('Timed out in waitUntil!')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  },
  stubGlobal(name, value) {
    if (!replaced.has(name)) replaced.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  },
  unstubAllGlobals() {
    for (const [name, was] of replaced)
      if (was) Object.defineProperty(globalThis, name, was)
      else delete globalThis[name]
    replaced.clear()
  },
  resetModules: () => skip('fresh modules'),
  unstubAllEnvs() {},
  stubEnv: unavailable('process.env'),
  useFakeTimers: unavailable('fake timers'),
  useRealTimers() {},
}

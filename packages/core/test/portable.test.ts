/** Where there is no Node: what is asked of the host may be missing, or throw. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.resetModules()
})

test.each([
  ['hands out its modules', undefined, true],
  ['throws when it is asked for one, and has async context as a global', AsyncLocalStorage, true],
  ['throws when it is asked for one', undefined, false],
])('core loads where the host %s', async (what, global, isKept) => {
  vi.stubGlobal('AsyncLocalStorage', global)
  vi.stubGlobal('process', {
    getBuiltinModule: () => {
      if (what.startsWith('throws')) throw new Error('not supported here')
      return { AsyncLocalStorage }
    },
  })
  const { context } = await import('../src/platform/portable.ts')
  const store = {}
  await context.run(store, async () => {
    expect(context.getStore()).toBe(store)
    await Promise.resolve()
    expect(context.getStore()).toBe(isKept ? store : undefined)
  })
  expect(context.getStore()).toBeUndefined()
})

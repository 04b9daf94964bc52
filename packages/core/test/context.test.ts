import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, expect, it, vi } from 'vitest'
import { createAutocache } from '../src/index.ts'

afterEach(() => void vi.restoreAllMocks())

/** Longer than it waits before it is turned off. */
const idle = () => new Promise((resolve) => setTimeout(resolve, 200))

/** From Node 24 on async context is a part of the engine. */
const isDear = Number(process.versions.node.split('.')[0]) < 24

it('L3 async context is left off while no function runs, and is there for those that do', async () => {
  const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
  const { cached } = createAutocache()
  const open: (() => void)[] = []
  const slow = cached((key: string) => new Promise<string>((resolve) => open.push(() => resolve(key))))
  const [one, other] = [slow('one'), slow('other')]
  open[0]!()
  await one
  expect(disable).not.toHaveBeenCalled()
  open[1]!()
  await other
  await vi.waitFor(() => expect(disable).toHaveBeenCalledTimes(isDear ? 1 : 0))
  await slow('one')
  await idle()
  expect(disable).toHaveBeenCalledTimes(isDear ? 1 : 0)

  // A call from within itself is known for one after that as well (L1).
  let runs = 0
  const again: () => Promise<number> = cached(async () => {
    runs += 1
    await Promise.resolve()
    return runs === 1 ? again() : runs
  })
  await expect(again()).resolves.toBe(2)
})

it('a function that throws, or answers at once, leaves it off too', async () => {
  const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
  const { cached } = createAutocache()
  const fails = cached((): Promise<never> => {
    throw new Error('at once')
  })
  expect(() => fails()).toThrow('at once')
  const plain = cached(async (value: number) => value)
  await plain(1)
  await vi.waitFor(() => expect(disable).toHaveBeenCalledTimes(isDear ? 1 : 0))
})

it('it stays on between runs that follow each other, and while one is under way', async () => {
  const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
  const { cached } = createAutocache()
  const plain = cached(async (value: number) => value)
  for (let value = 0; value < 100; value++) await plain(value)
  let end = () => {}
  const slow = cached(() => new Promise<void>((resolve) => void (end = resolve)))
  const open = slow()
  await idle()
  expect(disable).not.toHaveBeenCalled()
  end()
  await open
  await vi.waitFor(() => expect(disable).toHaveBeenCalledTimes(isDear ? 1 : 0))
})

import { vi } from 'vitest'

/** Node's own timers, by which a bus is asked to beat: they go with those of the test. */
const builtin = (name: string) => (globalThis.process as any)?.getBuiltinModule?.(name)
const timers = builtin('node:timers')
const followTimers = () => {
  if (!timers) return
  timers.setTimeout = globalThis.setTimeout
  builtin('node:module').syncBuiltinESMExports()
}

/** Time is moved by hand from now on. */
export function takeTime(...clocks: ('performance' | 'Date')[]): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', ...clocks] })
  followTimers()
}

/** Time is that of the machine again. */
export function giveTimeBack(): void {
  vi.useRealTimers()
  followTimers()
}

/** Calls each function once and prints what it was cached as, and whether the store had it. */
import { cache, close } from './cache.ts'

interface Handle {
  readonly label: string
  readonly version: string
  keyOf(...args: any[]): string
}

export interface Call {
  readonly name: string
  readonly handle: Handle
  readonly args: readonly unknown[]
  readonly run: () => Promise<unknown>
}

/** A call of a cached function. */
export const call = (
  name: string,
  fn: ((...args: any[]) => Promise<unknown>) & Handle,
  ...args: readonly unknown[]
): Call => ({ name, handle: fn, args, run: () => fn(...args) })

export async function say(calls: readonly Call[]): Promise<void> {
  const said: Record<string, object> = {}
  for (const { name, handle, args, run } of calls) {
    let from = 'store'
    const off = cache.on('fill', () => {
      from = 'run'
    })
    const value = await run()
    off()
    said[name] = { label: handle.label, version: handle.version, key: handle.keyOf(...args), value, from }
  }
  await close()
  console.log(JSON.stringify(said))
}

/** What a visitor sees of a call: how long it took, and what answered. */
export interface Timed<T> {
  readonly value: T
  readonly milliseconds: number
  readonly state: 'miss' | 'fresh' | 'stale'
  readonly age: number
}

export async function timed<T>(
  call: () => Promise<T>,
  at: (value: T) => Date | string,
  ttl = Infinity,
): Promise<Timed<T>> {
  const before = Date.now()
  const start = performance.now()
  const value = await call()
  const milliseconds = performance.now() - start
  const computed = new Date(at(value)).getTime()
  const age = Math.max(0, Date.now() - computed)
  return { value, milliseconds, age, state: computed >= before ? 'miss' : age > ttl ? 'stale' : 'fresh' }
}

/** Three significant digits, without an exponent: `0.923`, `12.3`, `1230`. */
export function figure(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 100 ? rounded.toFixed(0) : value.toPrecision(3)
}

export function duration(nanoseconds: number): string {
  if (nanoseconds >= 1e6) return `${figure(nanoseconds / 1e6)} ms`
  return nanoseconds >= 1e3 ? `${figure(nanoseconds / 1e3)} µs` : `${figure(nanoseconds)} ns`
}

/** The same value with its numbers cut to four significant digits: what is stored is what is printed and judged. */
export function rounded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'number' && !Number.isInteger(part) ? Number(part.toPrecision(4)) : part,
  )
}

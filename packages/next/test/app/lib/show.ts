/** Values with their types. */
export const show = (value: unknown): unknown => {
  if (value instanceof Map) return { Map: [...value].map(show) }
  if (value instanceof Set) return { Set: [...value].map(show) }
  if (value instanceof Date) return { Date: show(value.getTime()) }
  if (value instanceof RegExp || value instanceof URL || value instanceof Error) return { text: String(value) }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (typeof value === 'number' && !(Number.isFinite(value) && !Object.is(value, -0))) {
    return { number: Object.is(value, -0) ? '-0' : String(value) }
  }
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value === undefined) return 'undefined'
  if (Array.isArray(value)) return Array.from(value, (part, at) => (at in value ? show(part) : 'hole'))
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null)
    return { bare: { ...value } }
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, show(v)]))
  return value
}

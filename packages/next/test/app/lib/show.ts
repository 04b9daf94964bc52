/** Values with their types. */
export const show = (value: unknown): unknown => {
  if (value instanceof Map) return { Map: [...value].map(show) }
  if (value instanceof Set) return { Set: [...value].map(show) }
  if (value instanceof Date) return { Date: value.getTime() }
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value === undefined) return 'undefined'
  if (Array.isArray(value)) return value.map(show)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, show(v)]))
  return value
}

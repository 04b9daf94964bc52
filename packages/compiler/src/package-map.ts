/** Names of packages, and the maps in their package.json that say what they let others import. */

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A specifier as the name of a package and what follows it; undefined where it can be no package. */
export function packageOf(specifier: string): { readonly name: string; readonly subpath: string } | undefined {
  const found = /^((?:@[^/@\\:?#%]+\/)?[^@./\\:?#%][^/\\:?#%]*)(\/.*)?$/.exec(specifier)
  return found ? { name: found[1]!, subpath: found[2] ?? '' } : undefined
}

/** What a target of `exports` stands for, best first. Without `conditions` every target counts. */
function* leaves(value: unknown, conditions: ReadonlySet<string> | undefined, star: string): Generator<string> {
  if (typeof value === 'string') yield value.replaceAll('*', star)
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item, conditions, star)
  else if (isRecord(value)) {
    for (const [condition, target] of Object.entries(value)) {
      if (condition === 'default' || conditions === undefined || conditions.has(condition)) {
        yield* leaves(target, conditions, star)
      }
    }
  }
}

/** The targets of a subpath in a map of `exports` or `imports`, by the rules of Node. */
export function targetsOf(map: unknown, subpath: string, conditions: ReadonlySet<string> | undefined): string[] {
  const keyed = isRecord(map) && Object.keys(map).some((key) => key.startsWith('.') || key.startsWith('#'))
  const entries = (keyed ? map : { '.': map }) as Readonly<Record<string, unknown>>
  if (Object.hasOwn(entries, subpath) && !subpath.includes('*')) return [...leaves(entries[subpath], conditions, '')]
  let best: { key: string; prefix: string; star: string } | undefined
  for (const key of Object.keys(entries)) {
    const at = key.indexOf('*')
    const prefix = at < 0 ? key : key.slice(0, at)
    const suffix = at < 0 ? '' : key.slice(at + 1)
    // A key that ends in a slash is the older way to write `/*`.
    if (at < 0 && !key.endsWith('/')) continue
    if (!subpath.startsWith(prefix) || !subpath.endsWith(suffix) || subpath.length < key.length) continue
    if (best !== undefined && best.prefix.length >= prefix.length) continue
    best = { key, prefix, star: subpath.slice(prefix.length, subpath.length - suffix.length) }
  }
  if (best === undefined) return []
  const { key, star } = best
  const found = [...leaves(entries[key], conditions, star)]
  return key.endsWith('/') ? found.map((target) => target + star) : found
}

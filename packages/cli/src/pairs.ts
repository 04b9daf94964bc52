import type { FunctionState } from './state.ts'

export type Definition = FunctionState['definitions'][number]

/** A definition in both states. */
export interface Pair {
  readonly before: Definition
  readonly after: Definition
}

export interface Paired {
  readonly pairs: readonly Pair[]
  readonly removed: readonly Definition[]
  readonly added: readonly Definition[]
}

/** Pairs the definitions of two states of a function. */
export function pairDefinitions(before: readonly Definition[], after: readonly Definition[]): Paired {
  const pairs: Pair[] = []
  let left = before
  let right = after
  const place = ({ name, kind, file }: Definition) => `${kind}\0${file}\0${name}`
  // Each pass is less certain than the one before; equal keys pair in the order of the walk.
  const passes: ((definition: Definition) => string)[] = [
    (one) => `${place(one)}\0${one.digest}`,
    place,
    (one) => `${one.kind}\0${one.name}\0${one.digest}`,
    (one) => `${one.kind}\0${one.digest}`,
    (one) => `${one.kind}\0${one.name}`,
  ]
  // The function itself is always the counterpart of the function itself.
  if (left[0] && right[0]) {
    pairs.push({ before: left[0], after: right[0] })
    left = left.slice(1)
    right = right.slice(1)
  }
  for (const keyOf of passes) {
    const waiting = groupBy(left, keyOf)
    const matched = new Set<Definition>()
    const rest: Definition[] = []
    for (const one of right) {
      const other = waiting.get(keyOf(one))?.shift()
      if (other === undefined) rest.push(one)
      else {
        matched.add(other)
        pairs.push({ before: other, after: one })
      }
    }
    left = left.filter((one) => !matched.has(one))
    right = rest
  }
  return { pairs, removed: left, added: right }
}

/** Items by a key, in their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/**
 * Whether an edit left a module as others see it. Then nothing but the module's own definitions has to be looked at again:
 * what attaches to what, where imports lead and in which order things run is as it was.
 */
import type { Definition, ModuleSummary, Slot } from './model.ts'

/** What of a definition only the versions that contain it depend on. */
const own: ReadonlySet<keyof Definition> = new Set([
  'start',
  'end',
  'digest',
  'names',
  'kinds',
  'text',
  'observes',
  'globals',
  'env',
  'findings',
])

const withoutPlace = ({ at: _, ...rest }: Slot): Omit<Slot, 'at'> => rest

function shapeOf({
  requests,
  definitions,
  layout,
  classes: ___,
  uses: _,
  findings: __,
  ...rest
}: ModuleSummary): string {
  return JSON.stringify([
    rest,
    layout.style,
    requests.map(({ at: _, ...request }) => request),
    definitions.map((definition) =>
      Object.entries(definition)
        .filter(([field, value]) => value !== undefined && !own.has(field as keyof Definition))
        .map(([field, value]) => [field, field === 'slots' ? definition.slots.map(withoutPlace) : value]),
    ),
  ])
}

/** The order of all places in the module, as ranks: what stood before what. */
function ranksOf({ requests, definitions }: ModuleSummary): string {
  const places = [
    ...requests.map(({ at }) => at),
    ...definitions.flatMap(({ start, slots }) => [start, ...slots.map(({ at }) => at)]),
  ]
  const ranks = new Map([...new Set(places)].sort((a, b) => a - b).map((place, rank) => [place, rank]))
  return places.map((place) => ranks.get(place)).join()
}

/** Compares the summaries of a module before and after an edit; one that is used whole has no shape. */
export function sameShape(before: ModuleSummary, after: ModuleSummary): boolean {
  for (const { opaque, commonjs, requests } of [before, after]) {
    // The place of a `require` is a moment of the evaluation.
    if (opaque !== undefined || commonjs || requests.some(({ kind }) => kind === 'require')) return false
  }
  return shapeOf(before) === shapeOf(after) && ranksOf(before) === ranksOf(after)
}

import { beforeAll, describe, expect, test } from 'vitest'
import type { Analysis, VersionedFunction } from '../../src/analyze.ts'
import { analysisOf, full, type Library, libraries, ownExports, part } from './libraries.ts'
import {
  emits,
  eslint,
  isTyped,
  layouts,
  mangle,
  oppositeRules,
  preservingRules,
  prettier,
  stripWithOxc,
  stripWithTypeScript,
  type Transform,
} from './transforms.ts'

/**
 * What a tool changes beside the text, and a version holds rightly. `names` and `kinds`: a closure observes names of
 * local functions through `.name`, and whether a function can be constructed through `prototype` and `new`; it changes only
 * where no definition of it does.
 */
type Observable = 'names' | 'kinds'

const tools: readonly { readonly name: string; readonly run: Transform; readonly changes?: readonly Observable[] }[] = [
  ...Object.entries(layouts).map(([name, options]) => ({ name: `prettier (${name})`, run: prettier(options) })),
  { name: 'type stripping (typescript)', run: stripWithTypeScript },
  { name: 'type stripping (oxc)', run: stripWithOxc },
  { name: 'mangling (terser)', run: mangle, changes: ['names'] },
  { name: 'eslint --fix', run: eslint(preservingRules) },
  { name: 'eslint --fix (the other way)', run: eslint(oppositeRules), changes: ['kinds'] },
]

interface Subject {
  readonly library: Library
  /** The files that the tools rewrite. */
  readonly files: readonly string[]
  readonly roots: readonly (readonly [file: string, name: string])[]
  readonly versions: readonly VersionedFunction[]
}

const subjects: Subject[] = []
const totals = { functions: 0, files: 0, comparisons: 0, observed: new Set<string>(), kept: new Set<string>() }

beforeAll(() => {
  for (const library of libraries()) {
    const all = Object.keys(library.sources)
    const files = part(
      all.filter((file) => full || library.sources[file]!.length < 16_000),
      10,
    )
    const roots = part(
      files.flatMap((file) => ownExports(file, library.sources[file]!).map((name) => [file, name] as const)),
      12,
    )
    const before = analysisOf(library.sources)
    const versions = roots.map(([file, name]) => before.versionOf(file, name))
    subjects.push({ library, files, roots, versions })
    totals.functions += roots.length
  }
}, 600_000)

const observations = {
  names: /\bname\b/,
  kinds: /\bprototype\b|\binstanceof\b|\bextends\b|\bnew\b|\bownKeys\b|\bgetOwnProperty(?:Names|Descriptors)\b/,
}

/** Whether two versions differ in nothing but what a tool may change. */
function mayDiffer(kind: Observable, library: Library, before: VersionedFunction, after: VersionedFunction): boolean {
  const textOf = ({ file, start, end }: VersionedFunction['definitions'][number]) =>
    library.sources[file]!.slice(start, end)
  const [a, b] = [before, after].map(({ definitions }) => definitions.map(({ digest }) => digest).join())
  return a === b && before.definitions.some((definition) => observations[kind].test(textOf(definition)))
}

const listed = (names: ReadonlySet<string>) =>
  `${[...names].slice(0, 6).join(', ')}${names.size > 6 ? ` and ${names.size - 6} more` : ''}`

describe('versions stay', () => {
  for (const { name, run, changes } of tools) {
    test(`through ${name}`, { timeout: 1_800_000 }, async () => {
      for (const subject of subjects) {
        const { library, files, roots, versions } = subject
        const rewritten: Record<string, string> = { ...library.sources }
        let count = 0
        for (const file of files) {
          const text = library.sources[file]!
          const after = await run(text, file)
          // A parameter property or an enum is code, which strippers write out: the source stays as it is.
          if (after === undefined && isTyped(file)) totals.kept.add(`${library.name}/${file} (${emits(text)})`)
          if (after === undefined || after === text) continue
          rewritten[file] = after
          count += 1
        }
        totals.files += count
        if (count === 0) continue
        const analysis: Analysis = analysisOf(rewritten)
        const changed = roots.flatMap(([file, export_], index) => {
          const [before, after] = [versions[index]!, analysis.versionOf(file, export_)]
          totals.comparisons += 1
          if (before.version === after.version) return []
          if (changes?.some((kind) => mayDiffer(kind, library, before, after))) {
            totals.observed.add(`${library.name}/${file}#${export_} (${name})`)
            return []
          }
          return [`${file}#${export_}`]
        })
        expect(changed, library.name).toEqual([])
      }
    })
  }

  test('in numbers', () => {
    const { functions, files, comparisons, observed: seen, kept } = totals
    console.log(
      `preserving: ${subjects.length} libraries, ${functions} functions, ${files} rewritten files, ${comparisons} comparisons, 0 changed\n` +
        `  ${seen.size} observe what the tool changes: ${listed(seen)}\n  not erasable: ${listed(kept)}`,
    )
    expect(subjects.length).toBeGreaterThanOrEqual(4)
    expect(comparisons).toBeGreaterThan(functions)
  })
})

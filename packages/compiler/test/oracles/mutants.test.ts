import { describe, expect, test } from 'vitest'
import { full, libraries } from './libraries.ts'
import { holder, mutantsOf, summaryOf, Variants } from './mutants.ts'

/** Mutants that are no change of what the function does, by library and place, with the reason. */
const equivalent: ReadonlyMap<string, string> = new Map()

/** Sources that the instrumenter refuses. */
const refused: ReadonlyMap<string, string> = new Map([
  ['zod/v3/types.ts', 'it cannot place a mutant of a text within a type'],
])

/** How many mutants of each library a short run tries, evenly spread. */
const most = 160

describe('a mutant changes the version of the function that holds it', () => {
  for (const library of libraries()) {
    test(library.name, { timeout: 3_600_000 }, async () => {
      const variants = new Variants(library.sources)
      const missed: string[] = []
      let [found, tried, outside] = [0, 0, 0]
      // A short run leaves out the largest files, where each mutant costs as much as fifty elsewhere.
      const files = Object.entries(library.sources).filter(([, text]) => full || text.length < 16_000)
      const some = full ? files : files.filter((_, index) => index % Math.ceil(files.length / 16) === 0)
      for (const [file, text] of some) {
        const mutants = refused.has(`${library.name}/${file}`) ? [] : await mutantsOf(file, text)
        found += mutants.length
        const before = variants.summary(file)
        const versions = new Map<number, string>()
        const step = full ? 1 : Math.max(1, Math.ceil((mutants.length * some.length) / most))
        for (let index = 0; index < mutants.length; index += step) {
          const mutant = mutants[index]!
          const after = summaryOf(file, mutant.text)
          const place = `${library.name}/${file}:${text.slice(0, mutant.start).split('\n').length} ${mutant.mutator}`
          expect(after.opaque, place).toBeUndefined()
          const held = holder(before, mutant.start)
          if (held < 0) {
            outside += 1
            continue
          }
          tried += 1
          if (!versions.has(held)) versions.set(held, variants.version(file, before, text, held))
          const same = after.definitions.length === before.definitions.length
          const { start } = before.definitions[held]!
          const target = same ? held : after.definitions.findIndex((definition) => definition.start === start)
          if (variants.version(file, after, mutant.text, target) !== versions.get(held)) continue
          const original = text.slice(mutant.start, mutant.end).replace(/\s+/g, ' ')
          if (!equivalent.has(place)) missed.push(`${place}: ${original} -> ${mutant.replacement}`)
        }
      }
      console.log(
        `${library.name}: ${found} mutants in ${some.length} files, ${tried} tried, ${tried - missed.length} detected, ${outside} outside of code`,
      )
      expect(missed).toEqual([])
      expect(tried).toBeGreaterThan(40)
    })
  }
})

import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { analyze } from '../../src/analyze.ts'
import { readFrom } from '../memory-files.ts'
import { editsOf, shuffled, split } from './edits.ts'
import {
  analysisOf,
  compilerOptions,
  full,
  type Library,
  libraries,
  ownExports,
  part,
  type Sources,
} from './libraries.ts'
import { holder, summaryOf, Variants } from './mutants.ts'

const rootsOf = ({ sources }: Library, files: readonly string[]) =>
  part(
    files.flatMap((file) => ownExports(file, sources[file]!).map((name) => [file, name] as const)),
    8,
  )

/** Rewrites a library and compares the versions of what it exports. */
function stay(rewrite: (library: Library) => Sources | undefined, most = 40): void {
  let [functions, files] = [0, 0]
  for (const library of libraries()) {
    const after = rewrite(library)
    if (!after) continue
    const touched = Object.keys(library.sources).filter((file) => library.sources[file] !== after[file])
    const roots = rootsOf(library, part(touched.length > 0 ? touched : Object.keys(library.sources), most))
    const [a, b] = [analysisOf(library.sources), analysisOf(after)]
    const changed = roots.filter(([file, name]) => a.versionOf(file, name).version !== b.versionOf(file, name).version)
    expect(
      changed.map(([file, name]) => `${file}#${name}`),
      library.name,
    ).toEqual([])
    functions += roots.length
    files += touched.length
  }
  console.log(`${expect.getState().currentTestName}: ${functions} functions, ${files} files rewritten, 0 changed`)
}

const mapped = ({ sources }: Library, rewrite: (file: string, text: string) => string): Sources =>
  Object.fromEntries(Object.entries(sources).map(([file, text]) => [file, rewrite(file, text)]))

describe('versions stay', { timeout: 1_800_000 }, () => {
  test('when functions at the top of modules are shuffled', () => {
    stay((library) => mapped(library, shuffled))
  })

  test('when modules are split in two and helpers move to another file', () => {
    stay((library) => {
      const after: Record<string, string> = {}
      for (const [file, text] of Object.entries(library.sources)) {
        const name = file.replace(/(\.\w+)$/, '.part$1')
        const two = split(file, text, name)
        after[file] = two?.rest ?? text
        if (two) after[name] = two.moved
      }
      return after
    })
  })

  test('when lines end in CRLF', () => {
    stay((library) => mapped(library, (_, text) => text.replace(/\r?\n/g, '\r\n')))
  })

  test('in whatever order the files are given, and with unrelated files beside them', () => {
    stay((library) => ({
      'unrelated.ts': 'export const unrelated = new Map([[1, 2]])\nconsole.log(unrelated)',
      ...Object.fromEntries(Object.entries(library.sources).toReversed()),
    }))
  })

  test('wherever the project lies and the process runs', () => {
    const library = libraries().find(({ name }) => name === 'immer')!
    const roots = rootsOf(library, Object.keys(library.sources))
    const before = analysisOf(library.sources)
    const cwd = process.cwd()
    const root = resolve('/elsewhere/a checkout/of it')
    try {
      process.chdir('/')
      const prefix = `${root.replaceAll('\\', '/')}/`
      const moved = analyze({
        root,
        files: Object.keys(library.sources),
        read: (file) => {
          const name = file.replaceAll('\\', '/')
          return name.startsWith(prefix)
            ? readFrom(library.sources)(resolve('/project', name.slice(prefix.length)))
            : undefined
        },
        cache: false,
        tsconfig: { compilerOptions },
      })
      for (const [file, name] of roots) {
        expect(moved.versionOf(file, name).version, `${file}#${name}`).toBe(before.versionOf(file, name).version)
      }
    } finally {
      process.chdir(cwd)
    }
  })
})

/** Edits that are no change of what a function does. By library, file and the text that was edited. */
const harmless: ReadonlyMap<string, string> = new Map()

describe('a version changes', { timeout: 3_600_000 }, () => {
  for (const library of libraries()) {
    test(`when a statement of ${library.name} is deleted, a literal changed, two arguments swapped`, () => {
      const variants = new Variants(library.sources)
      const counts: Record<string, number> = {}
      const missed: string[] = []
      const files = Object.entries(library.sources).filter(([, text]) => full || text.length < 16_000)
      const some = part(files, 20)
      for (const [file, text] of some) {
        const before = variants.summary(file)
        const versions = new Map<number, string>()
        for (const edit of part(editsOf(file, text), Math.ceil(140 / some.length))) {
          const held = holder(before, edit.start)
          if (held < 0) continue
          const after = summaryOf(file, edit.text)
          // Without the statement the module may be none: a name that is not declared any more.
          if (after.opaque !== undefined) continue
          if (!versions.has(held)) versions.set(held, variants.version(file, before, text, held))
          const same = after.definitions.length === before.definitions.length
          const { start } = before.definitions[held]!
          const target = same ? held : after.definitions.findIndex((definition) => definition.start === start)
          counts[edit.kind] = (counts[edit.kind] ?? 0) + 1
          if (variants.version(file, after, edit.text, target) !== versions.get(held)) continue
          const what = edit.what.replace(/\s+/g, ' ').slice(0, 80)
          const place = `${library.name}/${file} ${edit.kind}: ${what}`
          if (!harmless.has(place)) missed.push(place)
        }
      }
      console.log(
        `${library.name}: ${Object.entries(counts)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(', ')}; ${missed.length} missed`,
      )
      expect(missed).toEqual([])
    })
  }
})

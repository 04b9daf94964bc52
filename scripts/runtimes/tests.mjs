// Which of core's tests a runtime does not run, and why. All of it stands in the output; an entry that matches no test
// fails the run. What a test needs of Node is not listed here: such a test is skipped when it asks for it (page/missing.mjs).

/** @typedef {{ file: string, title?: RegExp, reason: string }} Exclusion without a title: the whole file */

/** @type {Record<string, Exclusion[]>} */
const excluded = {
  portable: [
    { file: 'test/documentation.test.ts', reason: 'compiles the documentation, which takes files and TypeScript' },
    { file: 'test/namespace.test.ts', reason: 'is about the package.json of programs that it starts' },
  ],
}

const groups = { workerd: ['portable'], browser: ['portable'] }

/** What `--short` runs where Vitest starts a process for each file; a bundle always runs them all. */
export const shortFiles = [
  'test/digest.test.ts',
  'test/key.test.ts',
  'test/key-text.test.ts',
  'test/codec.test.ts',
  'test/entry.test.ts',
  'test/call-values.test.ts',
  'test/flight-abort.test.ts',
  'test/handle.test.ts',
  'test/decorators.test.ts',
]

export const entriesOf = (runtime) => [...(groups[runtime] ?? []), runtime].flatMap((name) => excluded[name] ?? [])

/** @returns {string | undefined} */
export const reasonToSkip = (runtime, file, title) =>
  entriesOf(runtime).find((entry) => entry.file === file && entry.title?.test(title))?.reason

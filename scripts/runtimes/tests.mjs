// Which of core's tests a runtime does not run, and why. All of it stands in the output; an entry that matches no test
// fails the run. What a test needs of Node is not listed here: such a test is skipped when it asks for it (page/missing.mjs).
//
// None of it may hide a wrong value that is not stated. Without async context rings of calls cost time, which
// page/program.mjs holds to flightTimeout, and nested calls after the first await are not gathered, which is stated in
// docs/decisions/0014-invalidation.md. The rest is about the machine of the test, or costs a miss.

/** @typedef {{ file: string, title?: RegExp, reason: string }} Exclusion without a title: the whole file */

/** @type {Record<string, Exclusion[]>} */
const excluded = {
  portable: [
    { file: 'test/documentation.test.ts', reason: 'compiles the documentation, which takes files and TypeScript' },
    { file: 'test/namespace.test.ts', reason: 'is about the package.json of programs that it starts' },
    { file: 'test/built.test.ts', reason: 'is about folders that were built' },
    { file: 'test/lock-lost.test.ts', reason: 'lets hours pass by the timers of Vitest, which are those of Node' },
    { file: 'test/context.test.ts', reason: 'is about the async context of Node' },
    { file: 'test/portable.test.ts', reason: 'takes fresh modules, and plays what is the case here' },
    {
      file: 'test/tiered-store.test.ts',
      title: /a bus that throws at once fails no call/,
      reason: 'listens to what would end a program of Node',
    },
    {
      file: 'test/flight-listeners.test.ts',
      title: /R16 a signal that lives on is listened to no longer/,
      reason: 'replaces a global that core takes once, and other files of the bundle come before',
    },
    {
      file: 'test/options.test.ts',
      title: /that holds text, or that others use, needs an instance/,
      reason: 'no package.json: what is missing first is a namespace',
    },
    {
      file: 'test/two-processes.test.ts',
      title: /no call that begins after an acknowledged invalidation/,
      reason: 'no async context: nested calls are gathered up to the first await (docs/decisions/0014-invalidation.md)',
    },
    {
      file: 'test/flight.test.ts',
      title: /^L1 re-entrance .* (ring of (two|three) functions,|after the first await|refresh and many|wait for each)/,
      reason: 'no async context: a ring of calls is left after flightTimeout, not at once',
    },
    {
      file: 'test/refresh.test.ts',
      title: /L1 a refresh whose function calls itself/,
      reason: 'no async context: a call from within is left after flightTimeout, not at once',
    },
    {
      file: 'test/nested.test.ts',
      title: /calls of two outer functions at once do not mix/,
      reason: 'no async context: nested calls are gathered up to the first await (docs/decisions/0014-invalidation.md)',
    },
    {
      file: 'test/timers.test.ts',
      title: /L3 a thousand reads set a handful of timers/,
      reason: 'a timer for each wait, because a request may only wait for its own (platform/portable.ts)',
    },
    {
      file: 'test/version.test.ts',
      title: /R01 draws no randomness where it is defined/,
      reason: 'takes fresh modules; that nothing is drawn at start-up is what workerd enforces on the program',
    },
  ],
  workerd: [{ file: 'test/this.test.ts', title: /reaches `this` through eval/, reason: 'eval is refused' }],
  bun: [
    {
      file: 'test/flight.test.ts',
      title: /keeps no chain of what it computed/,
      reason: 'collects garbage through a flag of V8',
    },
  ],
  deno: [
    {
      file: 'test/namespace.test.ts',
      title: /none above the program|is a clear error where there is none|is not looked for in process/,
      reason: 'Deno finds packages only beneath a package.json, and these programs have none',
    },
    {
      file: 'test/faults.test.ts',
      title: /falls due in a blocked loop/,
      reason: 'Deno runs due timers before it delivers what has arrived from files; that read is a miss there',
    },
  ],
}

const groups = { workerd: ['portable'], browser: ['portable'] }

/** What `--short` runs where Vitest starts a process for each file; a bundle always runs them all. */
export const shortFiles = [
  'test/digest.test.ts',
  'test/key.test.ts',
  'test/key-text.test.ts',
  'test/key-injective.test.ts',
  'test/key-refused.test.ts',
  'test/codec.test.ts',
  'test/entry.test.ts',
  'test/clone.test.ts',
  'test/call-values.test.ts',
  'test/flight.test.ts',
  'test/flight-abort.test.ts',
  'test/handle.test.ts',
  'test/invalidate.test.ts',
  'test/freshness.test.ts',
  'test/refresh.test.ts',
  'test/memory-store.test.ts',
  'test/options.test.ts',
  'test/decorators.test.ts',
  'test/legacy/decorators.test.ts',
]

export const entriesOf = (runtime) => [...(groups[runtime] ?? []), runtime].flatMap((name) => excluded[name] ?? [])

/** @returns {string | undefined} */
export const reasonToSkip = (runtime, file, title) =>
  entriesOf(runtime).find((entry) => entry.file === file && entry.title?.test(title))?.reason

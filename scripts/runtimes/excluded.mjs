// The tests of core that a runtime does not run, and why. Shown in the output; an entry that matches no test fails.
/** @type {Record<string, [file: string, title: RegExp, reason: string][]>} */
export const excluded = {}

const groups = { workerd: ['portable'], browser: ['portable'] }

export const entriesOf = (runtime) => [runtime, ...(groups[runtime] ?? [])].flatMap((name) => excluded[name] ?? [])

/** @returns {string | undefined} */
export function reasonToSkip(runtime, file, title) {
  return entriesOf(runtime).find(([ofFile, ofTitle]) => ofFile === file && ofTitle.test(title))?.[2]
}

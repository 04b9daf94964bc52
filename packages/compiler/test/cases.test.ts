import { describe, expect, test } from 'vitest'
import { type Edit, observe } from './cases/run.ts'
import shared from './cases/shared-edits.json' with { type: 'json' }
import { inMemory } from './in-memory.ts'

const edits = (shared as unknown as readonly Edit[]).map((edit) =>
  // JSON has no NaN, and this pair differs for nothing else.
  edit.id === 'C041' ? { ...edit, inputs: [[Number.NaN]] } : edit,
)

/** Settings that a title asks for. */
const tsconfigs: Readonly<Record<string, Record<string, unknown>>> = {
  C136: { emitDecoratorMetadata: true, experimentalDecorators: true },
}

function versionOf(files: Readonly<Record<string, string>>, { id, settings }: Edit): string {
  const [main] = Object.keys(files)
  const compilerOptions = tsconfigs[id]
  const config = settings?.root === 'wrapped' ? { wrappers: [`./${main}#cache`] } : {}
  return inMemory(files, { config, ...(compilerOptions && { tsconfig: { compilerOptions } }) }).versionOf(main!, 'f')
    .version
}

describe('labelled edits', () => {
  for (const edit of edits) {
    if (edit.expect === 'may-change' || (edit.executable === false && isOutside(edit))) continue
    test(`${edit.id} ${edit.title}: the version ${edit.expect === 'same' ? 'stays' : 'changes'}`, () => {
      const [before, after] = [versionOf(edit.before, edit), versionOf(edit.after, edit)]
      if (edit.expect === 'same') expect(after).toBe(before)
      else expect(after).not.toBe(before)
    })
  }
})

/** Pairs of equal behaviour that lose their version all the same. Only ever lower this. */
const accepted = 8

test('the pairs that could stay and do not are counted, and become fewer', () => {
  const lost = edits.filter(
    (edit) => edit.expect === 'may-change' && versionOf(edit.before, edit) !== versionOf(edit.after, edit),
  )
  console.log(
    `may-change: ${lost.length} lost of ${edits.filter(({ expect }) => expect === 'may-change').length}: ${lost.map(({ id }) => id).join(' ')}`,
  )
  expect(lost.length).toBeLessThanOrEqual(accepted)
})

describe('the labels are true: both sides run', () => {
  for (const edit of edits.filter(({ executable }) => executable !== false)) {
    test(`${edit.id} ${edit.title}`, async () => {
      const [before, after] = [await observe(edit.before, edit), await observe(edit.after, edit)]
      if (edit.expect === 'different') expect(after).not.toBe(before)
      else if (edit.expect === 'same' || !unlike.has(edit.id)) expect(after).toBe(before)
    })
  }
})

/** `may-change` pairs whose sides answer differently: what is observed differs, and a change is right. */
const unlike = new Set<string>()

/** The sources are equal: what differs is a lockfile, a patch, the environment. `packages.test.ts` and others have those. */
function isOutside({ before, after }: Edit): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}

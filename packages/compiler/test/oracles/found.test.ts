import { describe, expect, test } from 'vitest'
import edits from '../cases/edits.json' with { type: 'json' }
import { type Edit, observe } from '../cases/run.ts'
import { inMemory } from '../in-memory.ts'

/** What is not seen, by title, and why it is left at that. */
const beyond: ReadonlyMap<string, string> = new Map([
  ['fn param to text', 'a function that becomes a text in another function: every call would have to be followed'],
  ['method to text', '`config.port.toString()` would bind the layout of every object whose members become texts'],
  ['stack names', 'stack traces hold names, lines and paths: a version that held them would never stay'],
  ['instance of class by getPrototypeOf', 'a class changed through the prototype of an instance of it'],
])

const versionOf = (files: Readonly<Record<string, string>>) =>
  inMemory(files).versionOf(Object.keys(files)[0]!, 'f').version

describe('edits that oracles found', () => {
  for (const edit of edits as unknown as readonly Edit[]) {
    const { id, title, expect: label, before, after } = edit
    test(`${id} ${title}: the version ${label === 'same' ? 'stays' : 'changes'}`, () => {
      const [one, other] = [versionOf(before), versionOf(after)]
      if (label === 'same' || beyond.has(title)) expect(other).toBe(one)
      else expect(other).not.toBe(one)
    })
    if (edit.executable === false) continue
    test(`${id} ${title}: the label is true`, async () => {
      const [one, other] = [await observe(before, edit), await observe(after, edit)]
      if (label === 'same') expect(other).toBe(one)
      else expect(other).not.toBe(one)
    })
  }
})

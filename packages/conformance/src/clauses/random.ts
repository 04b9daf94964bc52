import type { Held } from '@autocache/core'
import fc from 'fast-check'
import type { Capabilities } from '../capabilities.ts'
import type { ClauseDefinition } from '../clause.ts'
import type { Probe } from '../probe.ts'

/** One step of a random sequence; `key` and `prefix` are short names below the prefix of the run. */
type Step =
  | { do: 'get' | 'delete'; key: string }
  | { do: 'set'; key: string; content: number }
  | { do: 'getMany' | 'deleteMany'; keys: string[] }
  | { do: 'setMany'; entries: { key: string; content: number }[] }
  | { do: 'clear' | 'keys'; prefix: string }

/** The store against a Map, by random sequences of everything it claims. */
export const randomClauses: readonly ClauseDefinition[] = [
  {
    name: 'random sequences of operations agree with a Map',
    rule: 'contract',
    async run(probe) {
      let run = 0
      const property = fc.asyncProperty(fc.array(stepOf(probe.capabilities), { maxLength: 24 }), async (steps) => {
        await play(probe, `r${run++}-`, steps)
      })
      await fc.assert(property, {
        // Fixed, so that an adapter's build does not fail by luck.
        seed: 20261122,
        numRuns: probe.capabilities.lifetime === 'process' ? 100 : 30,
        // A slow server is asked less often; a failure found by then is still reported.
        interruptAfterTimeLimit: 8_000,
      })
    },
  },
]

function stepOf(capabilities: Capabilities): fc.Arbitrary<Step> {
  const key = fc.constantFrom('a', 'b', 'ab', 'abc', 'b1', 'b2')
  const prefix = fc.constantFrom('', 'a', 'ab', 'b', 'c')
  const content = fc.integer({ min: 1, max: 99 })
  const step = <T extends Step['do']>(name: T) => fc.constant(name)
  const keys = fc.array(key, { maxLength: 5 })
  const steps: fc.Arbitrary<Step>[] = [
    fc.record({ do: step('get'), key }),
    fc.record({ do: step('delete'), key }),
    fc.record({ do: step('set'), key, content }),
    fc.record({ do: step('set'), key, content }),
  ]
  if (capabilities.getMany) steps.push(fc.record({ do: step('getMany'), keys }))
  if (capabilities.deleteMany) steps.push(fc.record({ do: step('deleteMany'), keys }))
  if (capabilities.clear) steps.push(fc.record({ do: step('clear'), prefix }))
  if (capabilities.keys) steps.push(fc.record({ do: step('keys'), prefix }))
  if (capabilities.setMany) {
    const entries = fc.uniqueArray(fc.record({ key, content }), { maxLength: 5, selector: (item) => item.key })
    steps.push(fc.record({ do: step('setMany'), entries }))
  }
  return fc.oneof(...steps)
}

/** Runs the steps on store and model alike, and leaves the store without the keys of this run. */
async function play(probe: Probe, root: string, steps: readonly Step[]): Promise<void> {
  const { store, check } = probe
  const model = new Map<string, Held>()
  for (const step of steps) await take(probe, root, model, step)
  for (const key of ['a', 'b', 'ab', 'abc', 'b1', 'b2'].map((name) => root + name)) {
    check.equal(await store.delete(key), model.has(key), `delete('${key}') at the end`)
  }
}

async function take({ store, check, entry }: Probe, root: string, model: Map<string, Held>, step: Step) {
  const below = (prefix: string) => [...model.keys()].filter((key) => key.startsWith(root + prefix))
  const compare = (key: string, got: Held | undefined) => {
    const expected = model.get(key)
    if (expected === undefined) check.absent(got, `'${key}'`)
    else check.held(got, expected, `'${key}'`)
  }
  switch (step.do) {
    case 'get':
      return compare(root + step.key, await store.get(root + step.key))
    case 'set': {
      const held = entry(root + step.key, `content ${step.content}`)
      await store.set(root + step.key, held)
      model.set(root + step.key, held)
      return
    }
    case 'delete':
      check.equal(await store.delete(root + step.key), model.delete(root + step.key), `delete('${root}${step.key}')`)
      return
    case 'getMany': {
      const keys = step.keys.map((key) => root + key)
      const got = await store.getMany(keys)
      check.equal(got.length, keys.length, 'the length of what getMany answers')
      for (const [index, key] of keys.entries()) compare(key, got[index])
      return
    }
    case 'setMany': {
      const entries = step.entries.map(({ key, content }) => ({ key: root + key, content: `content ${content}` }))
      const written = entries.map(({ key, content }) => ({ key, entry: entry(key, content) }))
      await store.setMany(written)
      for (const item of written) model.set(item.key, item.entry)
      return
    }
    case 'deleteMany':
      await store.deleteMany(step.keys.map((key) => root + key))
      for (const key of step.keys) model.delete(root + key)
      return
    case 'clear':
      await store.clear(root + step.prefix)
      for (const key of below(step.prefix)) model.delete(key)
      return
    case 'keys':
      check.equal((await store.keys(root + step.prefix)).sort().join(), below(step.prefix).sort().join(), 'keys')
  }
}

import type { EpochRows, Held } from '@autocache/core'
import { type Capabilities, optionalMethods } from '../capabilities.ts'
import { show } from '../check.ts'
import type { ClauseDefinition } from '../clause.ts'
import type { Probe } from '../probe.ts'

const hooks = { reopen: ['survivesReopen', 'epochs', 'locks'], breakIt: ['reportsFailures'] } as const

/** What a store is, seen from outside. */
export const shapeClauses: readonly ClauseDefinition[] = [
  {
    name: 'lifetime and holds are as declared',
    rule: 'contract',
    async run({ raw, capabilities, check }) {
      check.equal(raw.lifetime, capabilities.lifetime, 'store.lifetime')
      check.equal(raw.holds, capabilities.holds, 'store.holds')
    },
  },
  {
    name: 'the optional methods and the harness are what is claimed',
    rule: 'contract',
    async run({ raw, harness, capabilities, check }) {
      for (const method of optionalMethods) {
        const has = method in raw && raw[method as keyof typeof raw] !== undefined
        check.equal(has, Boolean(capabilities[method]), `the store has ${method}, as the capability '${method}' says`)
      }
      check.equal(raw.epochs !== undefined, Boolean(capabilities.epochs), "the store has epochs, as 'epochs' says")
      check.equal(raw.locks !== undefined, Boolean(capabilities.locks), "the store has locks, as 'locks' says")
      for (const [hook, needs] of Object.entries(hooks) as [keyof typeof hooks, readonly (keyof Capabilities)[]][]) {
        const claimed = needs.some((capability) => capabilities[capability])
        check.equal(harness[hook] !== undefined, claimed, `the harness has ${hook}, as '${needs.join("' or '")}' says`)
      }
      if (harness.now) check.equal(harness.advance !== undefined, true, 'a harness with its own now has advance')
    },
  },
  {
    name: 'a synchronous store never answers with a promise',
    rule: 'contract',
    when: ({ mode }) => mode === 'sync',
    async run(probe) {
      for (const [operation, answer] of everyAnswer(probe)) {
        probe.check.equal(isThenable(answer()), false, `${operation} answers with a promise`)
      }
      if (!probe.capabilities.keys) return
      probe.check.equal(Symbol.iterator in Object(probe.raw.keys?.('')), true, 'keys answers with an iterable')
    },
  },
  {
    name: 'an asynchronous store always answers with a promise',
    rule: 'contract',
    when: ({ mode }) => mode === 'async',
    async run(probe) {
      for (const [operation, answer] of everyAnswer(probe)) {
        let answered: unknown
        try {
          answered = answer()
        } catch (error) {
          probe.check.equal(`threw ${show(error)}`, 'answered with a promise', `${operation} of an asynchronous store`)
        }
        probe.check.equal(isThenable(answered), true, `${operation} answers with a promise`)
        await answered
      }
      if (!probe.capabilities.keys) return
      const listed = Object(probe.raw.keys?.(''))
      probe.check.equal(Symbol.asyncIterator in listed, true, 'keys answers with an asynchronous iterable')
    },
  },
]

/** One call of every operation the store has, with and without an entry to find. */
function everyAnswer({ raw, entry, capabilities }: Probe): [operation: string, answer: () => unknown][] {
  const answers: [string, () => unknown][] = [
    ['get of an absent key', () => raw.get('shape')],
    ['delete of an absent key', () => raw.delete('shape')],
    ['set', () => raw.set('shape', entry('shape'))],
    ['get', () => raw.get('shape')],
    ['getMany', () => raw.getMany?.(['shape', 'none'])],
    ['setMany', () => raw.setMany?.([{ key: 'many', entry: entry('many') }])],
    ['deleteMany', () => raw.deleteMany?.(['many'])],
    ['clear', () => raw.clear?.('none')],
    ['delete', () => raw.delete('shape')],
    ...(raw.epochs ? rowAnswers(raw.epochs, entry('row')) : []),
  ]
  return answers.filter(([operation]) => {
    const method = optionalMethods.find((name) => name === operation)
    return method === undefined || capabilities[method]
  })
}

function rowAnswers(rows: EpochRows, row: Held): [operation: string, answer: () => unknown][] {
  const { getMany } = rows
  return [
    ['epochs.get of an absent row', () => rows.get('row')],
    ['epochs.set', () => rows.set('row', row)],
    ['epochs.get', () => rows.get('row')],
    ...(getMany ? [['epochs.getMany', () => getMany.call(rows, ['row', 'none'])] as [string, () => unknown]] : []),
  ]
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

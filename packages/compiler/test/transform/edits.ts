/** Two releases of one program over one store: what the later one answers, and what it would answer without a cache. */
import type { Held, SyncStore } from '@autocache/core'
import { expect, test } from 'vitest'
import { inMemory } from '../in-memory.ts'
import { run, type Sources } from './support.ts'

/** What one release sees of a store that outlives it. */
const storeOver = (rows: Map<string, Held<'text'>>): SyncStore<'text'> => ({
  lifetime: 'shared',
  holds: 'text',
  get: (key) => rows.get(key),
  set: (key, held) => void rows.set(key, held),
  delete: (key) => rows.delete(key),
})

/** Where programs get `cached` from. */
const cacheModule = {
  'cache.ts':
    "import { createAutocache } from '@autocache/core'\nimport { options } from 'options'\nexport const cache = createAutocache(options)\nexport const { cached } = cache",
}

export interface Played {
  /** What the later release answers, after the earlier one has filled the store. */
  readonly answered: unknown
  /** What its code computes. */
  readonly computed: unknown
  /** Whether the later one had every answer from the store. */
  readonly warm: boolean
}

export interface Release {
  readonly files: Sources
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Plays a deploy. The first file exports `main`, and programs import `cached` from `./cache`.
 * @param legacy decorators and fields as TypeScript had them first
 */
export async function playDeploy(before: Release, after: Release, { legacy = false } = {}): Promise<Played> {
  const rows = new Map<string, Held<'text'>>()
  const release = async ({ files, env = {} }: Release, enabled: boolean) => {
    const all = { ...files, ...cacheModule }
    const counts = { hits: 0, runs: 0 }
    const options = {
      store: storeOver(rows),
      ttl: '1h',
      namespace: 'app',
      enabled,
      onEvent: ({ type }: { type: string }) => {
        if (type === 'hit') counts.hits += 1
        else if (type === 'miss') counts.runs += 1
      },
    }
    const known = { ...process.env }
    Object.assign(process.env, env)
    try {
      const modules = { options: { options } }
      const answer = await run(all, { stamped: enabled, legacy, analysis: inMemory(all), modules }).main()
      return { answer, ...counts }
    } catch (error) {
      return { answer: String(error), ...counts }
    } finally {
      for (const name of Object.keys(env)) {
        if (known[name] === undefined) delete process.env[name]
        else process.env[name] = known[name]
      }
    }
  }
  await release(before, true)
  const { answer: answered, hits, runs } = await release(after, true)
  const { answer: computed } = await release(after, false)
  return { answered, computed, warm: hits > 0 && runs === 0 }
}

/** The files of two releases, before and after an edit. */
export type Deploy = readonly [before: Sources, after: Sources]

export const head = "import { cached } from './cache'\n"
export const tail = '\nexport const main = () => f(3)'

/** Two texts of one module whose `f` is called with 3. */
export const one = (before: string, after: string): Deploy => [
  { 'main.ts': head + before + tail },
  { 'main.ts': head + after + tail },
]

export function edited(source: string, from: string, to: string): Deploy {
  if (!source.includes(from)) throw new Error(`There is no ${from}`)
  return one(source, source.replace(from, to))
}

export const files = (before: Sources, edit: Sources): Deploy => [before, { ...before, ...edit }]

/** Every later release answers what its own code computes, or refuses to cache what no version can tell. */
export function playDeploys(deploys: Readonly<Record<string, Deploy>>): void {
  test.each(Object.entries(deploys))(
    'a later release answers what its own code computes: %s',
    async (_, [before, after]) => {
      const { answered, computed } = await playDeploy({ files: before }, { files: after })
      if (typeof answered === 'string' && /^Un(?:keyableValue|versionedFunction)Error/.test(answered)) return
      expect(answered).toEqual(computed)
    },
  )
}

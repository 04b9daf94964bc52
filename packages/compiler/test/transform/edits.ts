/** Two releases of one program over one store: what the later one answers, and what it would answer without a cache. */
import { createAutocache, type Held, type SyncStore } from '@autocache/core'
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

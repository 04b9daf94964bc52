import { type AnyFunction, isAutocacheError, type UnversionedFunctionError } from '@autocache/core'
import { transformSync } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { sourceVersion } from '../src/runtime.ts'
import { summarise } from '../src/summary.ts'
import shared from './cases/shared-edits.json' with { type: 'json' }

interface Edit {
  readonly id: string
  readonly title: string
  readonly expect: 'same' | 'different' | 'may-change'
  readonly before: Readonly<Record<string, string>>
  readonly after: Readonly<Record<string, string>>
  readonly settings?: { readonly root?: string }
}

/** The version of `f` of a module that imports nothing, given what it refers to; nothing where it is refused. */
async function versionOfModule(text: string): Promise<string | undefined> {
  const { code } = transformSync(text, { loader: 'tsx', target: 'esnext', jsx: 'preserve' })
  const { names, requests } = summarise({ text: code, extension: '.js' })
  if (requests.some(({ kind }) => kind !== 'dynamic')) return undefined
  const all = `${code}\nexport const given = { ${Object.keys(names).join(', ')} }`
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(all)}`)) as {
    f: AnyFunction
    given: Readonly<Record<string, unknown>>
  }
  const deps: Record<string, unknown> = {}
  for (;;) {
    try {
      return sourceVersion.with({ deps })(module.f)
    } catch (error) {
      if (!isAutocacheError(error)) throw error
      const name = /refers to `(\w+)`/.exec(error.message)?.[1]
      if ((error as UnversionedFunctionError).reason !== 'free name' || !name || !(name in module.given))
        return undefined
      deps[name] = module.given[name]
    }
  }
}

const edits = (shared as unknown as readonly Edit[]).filter(
  ({ before, after, settings }) =>
    Object.keys(before).length === 1 && Object.keys(after).length === 1 && settings?.root !== 'wrapped',
)

describe('labelled edits of one file: a version by source changes where it must, stays where it can, or is refused', () => {
  let accepted = 0
  for (const edit of edits.filter(({ expect }) => expect !== 'may-change')) {
    test(`${edit.id} ${edit.title}`, async () => {
      const sides = [edit.before, edit.after].map(async (files) => {
        try {
          return await versionOfModule(Object.values(files)[0]!)
        } catch (error) {
          // JSX, and what this version of Node does not run.
          if (error instanceof SyntaxError || error instanceof ReferenceError) return undefined
          throw error
        }
      })
      const [before, after] = await Promise.all(sides)
      if (before === undefined || after === undefined) return
      accepted += 1
      if (edit.expect === 'same') expect(after).toBe(before)
      else expect(after).not.toBe(before)
    })
  }

  test('most of them have a version', () => {
    console.log(`by source: ${accepted} of ${edits.length}`)
    expect(accepted).toBeGreaterThan(edits.length / 2)
  })
})

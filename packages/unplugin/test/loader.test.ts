import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import autocacheLoader, { type LoaderHost } from '../src/loader.ts'
import { caller, helper, program } from './support/program.ts'

const versionIn = (code: string) => /[st]1-[a-z2-7]{26}/.exec(code)![0]

/** What the loader makes of a module, for a host that takes files as they lie there when they are declared. */
function load(root: string, file: string, declared: (file: string) => void = () => {}): string {
  let made: string | undefined
  const host: LoaderHost = {
    resourcePath: file,
    getOptions: () => ({ root }),
    addDependency: declared,
    emitError: (error) => {
      throw error
    },
    emitWarning: () => {},
    callback: (error, code) => {
      if (error) throw error
      made = String(code)
    },
  }
  autocacheLoader.call(host, readFileSync(file, 'utf8'))
  return made!
}

test('an edit between the reading of a helper and its declaration is in the stamp: to the host it is no edit', () => {
  const { root, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const one = versionIn(load(root, path('f.ts')))
  let writes = 0
  const raced = versionIn(
    load(root, path('f.ts'), (file) => {
      if (file !== path('helper.ts') || writes > 0) return
      writes += 1
      write('helper.ts', helper(222))
    }),
  )
  expect(writes).toBe(1)
  expect(raced).not.toBe(one)
  expect(raced).toBe(versionIn(load(root, path('f.ts'))))
})

test('somebody who goes on writing does not keep the loader from ending', () => {
  const { root, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  let writes = 0
  load(root, path('f.ts'), (file) => {
    if (file === path('helper.ts')) write('helper.ts', helper((writes += 1) * 1000))
  })
  expect(writes).toBeGreaterThan(1)
})

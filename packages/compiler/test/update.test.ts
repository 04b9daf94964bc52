import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { analyze } from '../src/analyze.ts'
import { onDisk } from './on-disk.ts'

const files = {
  'a.ts': `import { cached } from '@autocache/core'\nimport { helper } from './b'\nexport const f = cached((x: number) => helper(x))\n`,
  'b.ts': `import { other } from './c'\nconst rate = 3\nexport function helper(x: number) {\n  return x * rate\n}\nexport const unused = () => other()\n`,
  'c.ts': `export const other = () => 1\nexport const more = () => 2\n`,
  'd.ts': `import { cached } from '@autocache/core'\nexport const g = cached((x: number) => x)\n`,
}

/** What an analysis says after an update must be what a new one says. */
function edit(name: keyof typeof files, from: string, to: string) {
  const root = onDisk(files)
  const analysis = analyze({ root, cache: false })
  const before = analysis.functions
  expect(analysis.versionOf('b.ts', 'unused').version).toBeDefined()
  writeFileSync(join(root, name), files[name].replace(from, to))
  const updated = analysis.update([name])
  const fresh = analyze({ root, cache: false })
  expect(updated.functions).toEqual(fresh.functions)
  expect(updated.versionOf('b.ts', 'unused')).toEqual(fresh.versionOf('b.ts', 'unused'))
  expect(updated.diagnostics).toEqual(fresh.diagnostics)
  expect(updated.manifest()).toEqual(fresh.manifest())
  const changed = updated.functions.filter(({ version }, index) => version !== before[index]?.version)
  return { inPlace: updated === analysis, changed: changed.map(({ label }) => label) }
}

it('an edit that leaves a module as others see it is taken over in place', () => {
  expect(edit('b.ts', 'rate = 3', 'rate = 4')).toEqual({ inPlace: true, changed: ['f'] })
  expect(edit('b.ts', 'rate = 3', '  rate = 3 // the rate')).toEqual({ inPlace: true, changed: [] })
  expect(edit('c.ts', '() => 1', '() => 3')).toEqual({ inPlace: true, changed: [] })
  expect(edit('a.ts', 'helper(x))', 'helper(x + 1))')).toEqual({ inPlace: true, changed: ['f'] })
})

it('an edit of what a module imports, exports or refers to makes a new analysis', () => {
  expect(edit('b.ts', 'x * rate', 'x')).toEqual({ inPlace: false, changed: ['f'] })
  expect(edit('b.ts', 'return x * rate', 'return x * rate * other()')).toEqual({ inPlace: false, changed: ['f'] })
  expect(edit('b.ts', './c', './e')).toEqual({ inPlace: false, changed: [] })
  expect(edit('c.ts', 'export const more', 'const more')).toEqual({ inPlace: false, changed: [] })
  expect(edit('b.ts', 'const rate = 3\n', '')).toEqual({ inPlace: false, changed: ['f'] })
})

it('a definition that moves before what it uses makes a new analysis', () => {
  const moved = files['c.ts'].split('\n').slice(0, 2).reverse().join('\n')
  expect(edit('c.ts', files['c.ts'], `${moved}\n`)).toMatchObject({ inPlace: false, changed: [] })
})

it('a file that is gone, broken or new makes a new analysis', () => {
  const root = onDisk(files)
  const analysis = analyze({ root, cache: false })
  writeFileSync(join(root, 'b.ts'), 'export function (')
  const broken = analysis.update(['b.ts'])
  expect(broken.functions).toEqual(analyze({ root, cache: false }).functions)
  rmSync(join(root, 'b.ts'))
  const gone = broken.update(['b.ts'])
  expect(gone.functions).toEqual(analyze({ root, cache: false }).functions)
  writeFileSync(join(root, 'e.ts'), files['a.ts'])
  expect(gone.update(['e.ts']).functions).toHaveLength(3)
})

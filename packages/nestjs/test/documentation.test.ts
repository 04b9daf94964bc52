import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Test } from '@nestjs/testing'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { Autocache } from '../src/index.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const [first = '', second = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, body]) => body!)

describe('the README', () => {
  const folder = mkdtempSync(join(root, 'test', 'readme-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const load = (name: string, text: string) => {
    // Compiled as Nest is; the sources of this package stand for the package.
    const { outputText } = ts.transpileModule(text.replaceAll("'@autocache/nestjs'", "'../../src/index.ts'"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
      },
    })
    const file = join(folder, name)
    writeFileSync(file, outputText)
    return import(file) as Promise<any>
  }

  it('shows an application whose second call is answered from the store, with a Date', async () => {
    const { AppModule, Reports } = await load('reports.js', first)
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile()
    await app.init()
    const reports = app.get(Reports)
    const [one, two] = [await reports.sales(2024), await reports.sales(2024)]
    expect(two).toEqual(one)
    expect(two.at).toBeInstanceOf(Date)

    const { Admin } = await load('admin.js', second)
    const counts = await new Admin(app.get(Autocache), reports).correct(2024)
    expect(counts).toMatchObject({ miss: 1, fill: 1 })
    await reports.sales(2024)
    expect(app.get(Autocache).stats().functions['Reports.sales']).toMatchObject({ miss: 2, fill: 2 })
    await app.close()
  })

  it('names every option of a response', () => {
    const source = readFileSync(join(root, 'src/response-options.ts'), 'utf8')
    const body = /export interface ResponseOptions[\s\S]*?\n}/.exec(source)![0]
    const options = [...body.matchAll(/^ {2}readonly (\w+)\?/gm), ...body.matchAll(/'(\w+)'/g)].map(([, name]) => name!)
    expect(options.length).toBeGreaterThan(15)
    for (const option of options) expect(readme, option).toContain(`\`${option}\``)
  })
})

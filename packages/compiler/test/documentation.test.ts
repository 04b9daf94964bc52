import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as core from '@autocache/core'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as compiler from '../src/index.ts'
import * as runtime from '../src/runtime.ts'

const root = path.join(import.meta.dirname, '..')
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')
const readme = read('README.md')

const modules: Record<string, object> = {
  '@autocache/core': core,
  '@autocache/compiler': compiler,
  '@autocache/compiler/runtime': runtime,
  'node:fs': fs,
  'node:path': path,
}

/** A fence whose expressions with a value in their comment check it: `version.slice(0, 3) // 's1-'`. */
function asserting(fence: string): { readonly code: string; readonly checks: number } {
  const source = ts.createSourceFile('fence.ts', fence, ts.ScriptTarget.ES2022, true)
  let code = fence
  let checks = 0
  for (const statement of [...source.statements].reverse()) {
    if (!ts.isExpressionStatement(statement)) continue
    const [range] = ts.getTrailingCommentRanges(fence, statement.end) ?? []
    const value =
      range &&
      fence
        .slice(range.pos, range.end)
        .replace(/^\/\/\s*/, '')
        .trim()
    if (!value || !/^(?:['"[{\d-]|true$|false$|undefined$)/.test(value)) continue
    checks += 1
    const { expression } = statement
    code = `${code.slice(0, expression.getStart())}expect(${expression.getText()}).toEqual(${value})${code.slice(statement.end)}`
  }
  return { code, checks }
}

async function run(fence: string): Promise<number> {
  const { code, checks } = asserting(fence)
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  })
  // As an ES module would see them: text with imports rewritten has no version by its source.
  const body = outputText.replaceAll(/^import (\{[^}]*\}) from '([^']+)';?$/gm, (_, names: string, name: string) => {
    if (!modules[name]) throw new Error(`no module ${name} for a fence`)
    return `const ${names} = modules['${name}'];`
  })
  const AsyncFunction = (async () => {}).constructor as new (
    ...source: string[]
  ) => (...given: unknown[]) => Promise<void>
  await new AsyncFunction('modules', 'expect', body)(modules, expect)
  return checks
}

let home: string
let folder: string
beforeAll(() => {
  home = process.cwd()
  folder = fs.mkdtempSync(path.join(tmpdir(), 'autocache documentation '))
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(home)
  fs.rmSync(folder, { recursive: true })
})

/** Every fence, under its heading. */
const fences = readme
  .split(/^## /m)
  .flatMap((section) =>
    [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, fence = '']) => [section.split('\n')[0]!, fence] as const,
    ),
  )

const sources = fs.readdirSync(path.join(root, 'src')).filter((file) => file.endsWith('.ts'))
const examples = sources.flatMap((file) =>
  [...read(`src/${file}`).matchAll(/^([ \t]*)\* @example\n\s*\* ```ts\n([\s\S]*?)^\s*\* ```$/gm)].map(
    ([, , body = '']) => [file, body.replaceAll(/^\s*\* ?/gm, '')] as const,
  ),
)

describe('every fence of the README runs and gives what it says', () => {
  test('there are fences', () => {
    expect(fences.length).toBeGreaterThanOrEqual(2)
  })

  test.each(fences)('%s', async (_, fence) => {
    expect(await run(fence)).toBeGreaterThan(0)
  })
})

describe('every @example runs and gives what it says', () => {
  test('every @example is found', () => {
    const written = sources.reduce((sum, file) => sum + read(`src/${file}`).split('@example').length - 1, 0)
    expect(examples.length).toBe(written)
    expect(written).toBeGreaterThanOrEqual(2)
  })

  test.each(examples)('%s', async (_, example) => {
    await run(example)
  })
})

test('the fences hold their types', { timeout: 60_000 }, () => {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const texts = new Map(
    [...fences, ...examples].map(([, fence], at) => [
      path.join(root, 'test', `fence-${at}.ts`),
      `${fence}\nexport {}\n`,
    ]),
  )
  const host = ts.createCompilerHost(options)
  host.getCurrentDirectory = () => root
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (name) => texts.get(name) ?? readFile.call(host, name)
  host.fileExists = (name) => texts.has(name) || fileExists.call(host, name)
  host.getSourceFile = (name, ...rest) => {
    const text = texts.get(name)
    return text === undefined
      ? getSourceFile.call(host, name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  const problems = ts.getPreEmitDiagnostics(program).filter(({ file }) => file && texts.has(file.fileName))
  expect(
    problems.map(
      ({ file, start, messageText }) =>
        `${file?.text.slice(start, start! + 60)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    ),
  ).toEqual([])
})

describe('the tables of the README', () => {
  const rows = (title: string) =>
    [...(readme.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)`[^|]*\|/gm)]
      .map(([, name]) => name!)
      .filter((name) => name !== 'reason')

  test('list every reason of a refusal, and no other', () => {
    const union = (file: string, type: string) =>
      [...(new RegExp(`export type ${type} =([^]*?)\\n\\n`).exec(read(file))?.[1] ?? '').matchAll(/'([^']+)'/g)].map(
        ([, name]) => name!,
      )
    const written = [...union('src/tool-names.ts', 'ToolReason'), ...union('src/function-text.ts', 'RefusalReason')]
    expect(written.length).toBeGreaterThan(10)
    expect(rows('`sourceVersion`').sort()).toEqual(written.sort())
  })

  test('list every dependency and peer', () => {
    const { dependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >
    expect(rows('Dependencies').sort()).toEqual(
      [...Object.keys(dependencies!), ...Object.keys(peerDependencies!)].sort(),
    )
  })
})

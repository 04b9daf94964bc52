import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as codec from '../src/codec.ts'
import * as core from '../src/index.ts'
import { defaultKeyBounds } from '../src/key.ts'
import * as plumbing from '../src/plumbing.ts'
import * as testing from '../src/testing.ts'

const root = path.join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const readme = read('README.md')
const pages = { 'README.md': readme, 'docs/freshness.md': read('../../docs/freshness.md') }

const modules: Record<string, object> = {
  '@autocache/core': core,
  '@autocache/core/codec': codec,
  '@autocache/core/plumbing': plumbing,
  '@autocache/core/testing': testing,
  'node:fs/promises': fs,
  'node:path': path,
}

/** The value that a comment begins with, up to a comma: `6, computed`. */
function shownBy(comment: string): string | undefined {
  const text = comment.replace(/^\/\/\s*/, '').trim()
  const ends = [...text.matchAll(/,/g)].map(({ index }) => index)
  return [...ends, text.length].map((end) => text.slice(0, end)).find(isValue)
}

function isValue(text: string): boolean {
  const source = ts.createSourceFile('value.ts', `(${text})`, ts.ScriptTarget.ES2022, true)
  const [statement] = source.statements
  if (
    (source as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics.length > 0 ||
    source.statements.length !== 1
  )
    return false
  if (!statement || !ts.isExpressionStatement(statement) || !ts.isParenthesizedExpression(statement.expression))
    return false
  const { expression } = statement.expression
  return (
    ts.isLiteralExpression(expression) ||
    ts.isArrayLiteralExpression(expression) ||
    ts.isObjectLiteralExpression(expression) ||
    ts.isPrefixUnaryExpression(expression) ||
    ['true', 'false', 'null', 'undefined'].includes(expression.getText())
  )
}

/** A fence whose statements with a value in their comment check it: `area(shape) // 6, computed`. */
function asserting(fence: string): { code: string; checks: number } {
  const source = ts.createSourceFile('fence.ts', fence, ts.ScriptTarget.ES2022, true)
  let code = fence
  let checks = 0
  for (const statement of [...source.statements].reverse()) {
    if (!ts.isExpressionStatement(statement)) continue
    const [range] = ts.getTrailingCommentRanges(fence, statement.end) ?? []
    const value = range && shownBy(fence.slice(range.pos, range.end))
    if (value === undefined) continue
    checks += 1
    const { expression } = statement
    code = `${code.slice(0, expression.getStart())}expect(${expression.getText()}).toEqual(${value})${code.slice(statement.end)}`
  }
  return { code, checks }
}

async function run(fence: string): Promise<number> {
  const { code, checks } = asserting(fence)
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
  })
  const AsyncFunction = (async () => {}).constructor as new (
    ...source: string[]
  ) => (...given: unknown[]) => Promise<void>
  const require = (name: string) => {
    if (!modules[name]) throw new Error(`no module ${name} for a fence`)
    return modules[name]
  }
  await new AsyncFunction('require', 'exports', 'expect', outputText)(require, {}, expect)
  return checks
}

let home: string
let folder: string
beforeAll(() => {
  home = process.cwd()
  folder = mkdtempSync(path.join(tmpdir(), 'autocache documentation '))
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

/** Every fence, under its page and heading. */
const fences = Object.entries(pages).flatMap(([page, text]) =>
  text
    .split(/^## /m)
    .flatMap((section) =>
      [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
        ([, fence = '']) => [`${page}: ${section.split('\n')[0]}`, fence] as const,
      ),
    ),
)

const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)
const examples = sources.flatMap((file) =>
  [...read(`src/${file}`).matchAll(/^([ \t]*)\* @example\n\s*\* ```ts\n([\s\S]*?)^\s*\* ```$/gm)].map(
    ([, , body = '']) => [file, body.replaceAll(/^\s*\* ?/gm, '')] as const,
  ),
)

describe('every fence of the README and of the pages about core runs and gives what it says', () => {
  test('there are fences', () => {
    expect(fences.length).toBeGreaterThanOrEqual(5)
  })

  test.each(fences)('%s', async (_, fence) => {
    expect(await run(fence)).toBeGreaterThan(0)
  })
})

describe('every @example runs and gives what it says', () => {
  test('every @example is found', () => {
    const written = sources.reduce((sum, file) => sum + read(`src/${file}`).split('@example').length - 1, 0)
    expect(examples.length).toBe(written)
    expect(written).toBeGreaterThanOrEqual(7)
  })

  test.each(examples)('%s', async (_, example) => {
    await run(example)
  })

  test('most of them say what they give', () => {
    const checks = examples.map(([, example]) => asserting(example).checks)
    expect(checks.filter((count) => count > 0).length).toBeGreaterThanOrEqual(6)
  })
})

describe('the fences hold their types', () => {
  test('with the compiler options of this package', { timeout: 60_000 }, () => {
    const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const texts = new Map(
      [...fences, ...examples].map(([, fence], at) => [
        path.join(root, 'test', `fence-${at}.ts`),
        `${fence}\nexport {}\n`,
      ]),
    )
    // Parameter properties are plain TypeScript to a reader.
    const host = ts.createCompilerHost({ ...options, erasableSyntaxOnly: false })
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
    const program = ts.createProgram([...texts.keys()], { ...options, erasableSyntaxOnly: false }, host)
    const problems = ts.getPreEmitDiagnostics(program).filter(({ file }) => file && texts.has(file.fileName))
    expect(
      problems.map(
        ({ file, start, messageText }) =>
          `${file?.text.slice(start, start! + 60)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
    ).toEqual([])
  })
})

describe('the tables of the README', () => {
  const rows = (title: string) =>
    [...(readme.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| *`(\w+)` *\| (.*) *\|$/gm)].map(
      ([, name, rest]) => [name!, rest!] as const,
    )

  test('list every option there is, and no other', () => {
    const names = rows('Options').map(([name]) => name)
    const source = ts.createSourceFile('options.ts', read('src/options.ts'), ts.ScriptTarget.ES2022, true)
    const written = source.statements
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => /^(Call|Common|Function|Autocache)Options$/.test(name.text))
      .flatMap(({ members }) => members.map((member) => member.name!.getText()))
    expect([...names].sort()).toEqual([...new Set(written)].sort())
    for (const name of names) if (name !== 'name') core.createAutocache({ [name]: undefined })
    for (const [name, rest] of rows('Options')) {
      const take = () => core.cached(() => 0, { [name]: undefined })
      if (rest.includes('of an instance only')) expect(take).toThrow(name)
      else take()
    }
  })

  test('give the bounds of keys', () => {
    const { depth, nodes, size } = defaultKeyBounds
    expect(rows('Options').find(([name]) => name === 'keyBounds')?.[1]).toContain(
      [depth, nodes, size].map((bound) => bound.toLocaleString('en')).join(', '),
    )
  })

  test('list every error code there is with its class', () => {
    const source = read('src/errors.ts')
    const codes = [...source.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, code]) => code)
    const listed = rows('Errors')
    expect(listed.map(([code]) => code).sort()).toEqual([...codes].sort())
    const exported: Record<string, unknown> = core
    for (const [code, rest] of listed) {
      const name = /`(\w+)`/.exec(rest)![1]!
      expect(exported[name], name).toBeTypeOf('function')
      const declared = new RegExp(`class ${name} [^]*?readonly code: '(\\w+)'`).exec(source)?.[1]
      if (name !== 'AutocacheError') expect(declared).toBe(code)
    }
  })

  test('list everything a cached function offers', () => {
    const section = readme.split('## What a cached function offers\n')[1]!.split('\n## ')[0]!
    for (const name of Object.keys(core.cached(() => 0))) expect(section).toContain(`\`${name}`)
  })
})

test('docs/freshness.md speaks of every event there is about freshness, and of none besides', () => {
  const types = [...read('src/events.ts').matchAll(/readonly type: '([\w-]+)'/g)].map(([, type]) => type!)
  const table = pages['docs/freshness.md'].split('## When the function fails\n')[1]!.split('\n## ')[0]!
  const cells = table
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| -'))
    .slice(1)
    .map((line) => line.split('|').at(-2)!)
  const told = cells.flatMap((cell) =>
    [...cell.replaceAll(/\([^)]*\)/g, '').matchAll(/`([\w-]+)`/g)].map(([, type]) => type!),
  )
  expect(told.filter((type) => !types.includes(type))).toEqual([])
  for (const type of ['stale-hit', 'refresh', 'refresh-error']) {
    expect(types).toContain(type)
    expect(pages['docs/freshness.md']).toContain(`\`${type}\``)
  }
})

test('its links lead somewhere', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link!)
  expect(links.length).toBeGreaterThan(3)
  expect(links.filter((link) => !existsSync(path.join(root, link)))).toEqual([])
  for (const [, file] of readme.matchAll(/`(src\/[\w-]+\.ts)`/g))
    expect(existsSync(path.join(root, file!)), file).toBe(true)
})

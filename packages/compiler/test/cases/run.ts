import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import ts from 'typescript'

/** Two programs and whether they must have one version. `README` of the folder: the fields. */
export interface Edit {
  readonly id: string
  readonly category: string
  readonly title: string
  readonly expect: 'same' | 'different' | 'may-change'
  readonly why?: string
  readonly before: Readonly<Record<string, string>>
  readonly after: Readonly<Record<string, string>>
  /** Argument lists to run both sides with. */
  readonly inputs?: readonly (readonly unknown[])[]
  /** Instead of `inputs`: a function that gets `f` and returns what is seen. */
  readonly call?: string
  /** `false`: what differs lies outside the sources, or cannot be run. */
  readonly executable?: false
  readonly settings?: { readonly root?: 'wrapped' } & Readonly<Record<string, unknown>>
}

/** What `f` of the first file answers, as text: results, or what was thrown. */
export async function observe(files: Readonly<Record<string, string>>, { inputs, call }: Edit): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'autocache-edit-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    for (const [file, text] of Object.entries(files)) {
      if (file.endsWith('.json')) writeFileSync(join(folder, file), text)
      else writeFileSync(join(folder, `${stem(file)}.js`), compile(text, file, files))
    }
    const { f } = await import(
      /* @vite-ignore */ pathToFileURL(join(folder, `${stem(Object.keys(files)[0]!)}.js`)).href
    )
    if (call !== undefined) return await seen(() => new Function('f', `return (${call})(f)`)(f))
    const results: string[] = []
    for (const input of inputs ?? []) results.push(await seen(() => f(...revived(structuredClone(input)))))
    return results.join('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const stem = (file: string) => file.replace(/\.[^.]+$/, '')

function compile(text: string, fileName: string, files: Readonly<Record<string, string>>): string {
  const { outputText } = ts.transpileModule(text, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: !/@\w+\s+m\(/.test(text),
      isolatedModules: true,
      preserveConstEnums: true,
      verbatimModuleSyntax: false,
    },
  })
  return outputText.replace(/((?:from|import)\s*\(?\s*)(['"])(\.\/[^'"]+)\2/g, (whole, head, quote, specifier) => {
    const name = Object.keys(files).find((file) => `./${file}` === specifier || `./${stem(file)}` === specifier)
    if (!name) return whole
    const json = name.endsWith('.json')
    return `${head}${quote}./${json ? name : `${stem(name)}.js`}${quote}${json ? ' with { type: "json" }' : ''}`
  })
}

async function seen(run: () => unknown): Promise<string> {
  try {
    return inspect(await run(), { depth: 9 })
  } catch (error) {
    return `threw ${inspect(error instanceof Error ? error.name : error)}`
  }
}

/** `{ "$bigint": "1" }` stands for a BigInt. */
function revived(value: any): any {
  if (Array.isArray(value)) return value.map(revived)
  if (!value || typeof value !== 'object') return value
  if ('$bigint' in value) return BigInt(value.$bigint)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revived(inner)]))
}

/**
 * Text to tree. Two parsers give one ESTree: oxc-parser for files, acorn for the text of a running function, which is
 * JavaScript and must parse wherever the program runs. `test/front-ends.test.ts` shows that they agree.
 */
import { parseSync } from 'oxc-parser'

/** A node of an ESTree (TS-ESTree for TypeScript); `syntax.ts` lists the types and fields there are. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: any
}

export interface Parsed {
  readonly program: Node
  /** Neither `import` nor `export`, and parsed as CommonJS or using `module`, `exports` or `require`. */
  readonly commonjs: boolean
  /** The first syntax error. */
  readonly error: { readonly message: string; readonly start: number; readonly end: number } | undefined
}

const languages: Readonly<Record<string, 'ts' | 'tsx' | 'jsx'>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'jsx',
  '.mjs': 'jsx',
  '.cjs': 'jsx',
  '.jsx': 'jsx',
}

/** Parses a file. A `.js` file without module syntax may be CommonJS, with sloppy mode and a `return` at its top. */
export function parseSource(text: string, extension: string): Parsed {
  const lang = languages[extension] ?? 'tsx'
  const attempt = (sourceType: 'module' | 'commonjs') => {
    const result = parseSync(`file${extension}`, text, {
      lang,
      sourceType,
      astType: 'ts',
      range: true,
      preserveParens: false,
    })
    return { result, error: result.errors.find((error) => error.severity === 'Error') }
  }
  const first = extension === '.cjs' || extension === '.cts' ? 'commonjs' : 'module'
  let { result, error } = attempt(first)
  let sloppy = first === 'commonjs'
  if (error && first === 'module') {
    const other = attempt('commonjs')
    if (!other.error) {
      ;({ result, error } = other)
      sloppy = true
    }
  }
  const label = error?.labels[0]
  return {
    program: result.program as unknown as Node,
    commonjs:
      !result.module.hasModuleSyntax &&
      (sloppy || /\b(?:require\s*\(|module\.exports|exports\.|exports\[)/.test(text)) &&
      !/^\s*(?:export\s*=|import\s+\w+\s*=)/m.test(text),
    error: error && { message: error.message, start: label?.start ?? 0, end: label?.end ?? 0 },
  }
}

import { Parser } from 'acorn'
import jsx from 'acorn-jsx'
import type { Parsed } from '../src/parse.ts'
import { parseSource } from '../src/parse.ts'
import { parseJavaScript } from '../src/parse-acorn.ts'

const parser = Parser.extend(jsx()) as typeof Parser

/**
 * What `parseSource` does, with acorn for the tree. Which kind of module a text is decides the same for both.
 * @throws SyntaxError for what is no JavaScript
 */
export function parseWithAcorn(text: string, extension: string): Parsed {
  const { commonjs } = parseSource(text, extension)
  const kinds = extension === '.cjs' ? (['commonjs'] as const) : (['module', 'commonjs'] as const)
  for (const [index, kind] of kinds.entries()) {
    try {
      return { program: parseJavaScript(text, kind, parser), commonjs, error: undefined }
    } catch (error) {
      if (index === kinds.length - 1) throw error
    }
  }
  throw new SyntaxError('no JavaScript')
}

/**
 * JavaScript to the tree that oxc-parser makes of it. The text of a running function has to be parsed wherever the
 * program runs, and acorn is JavaScript itself. `test/front-ends.test.ts` shows that both trees are one to the encoder.
 */
import { type Options, Parser } from 'acorn'
import type { Node } from './parse.ts'

/** What TS-ESTree always has and ESTree has not; the analysis of scopes reads it unasked. */
const lists: Readonly<Record<string, readonly string[]>> = {
  ClassDeclaration: ['decorators', 'implements'],
  ClassExpression: ['decorators', 'implements'],
  MethodDefinition: ['decorators'],
  PropertyDefinition: ['decorators'],
  Identifier: ['decorators'],
  ObjectPattern: ['decorators'],
  ArrayPattern: ['decorators'],
  AssignmentPattern: ['decorators'],
  RestElement: ['decorators'],
}

const none: readonly Node[] = Object.freeze([])

/** Fills in what the parser leaves out. It iterates, because expressions nest deeper than a stack is. */
function complete(program: Node): Node {
  const left: unknown[] = [program]
  while (left.length > 0) {
    const node = left.pop() as Record<string, unknown>
    const missing = typeof node.type === 'string' ? lists[node.type] : undefined
    for (const field of missing ?? []) node[field] ??= none
    for (const key in node) {
      const value = node[key]
      if (typeof value === 'object' && value !== null && key !== 'value') left.push(value)
      else if (key === 'value' && typeof (value as Node | null)?.type === 'string') left.push(value)
    }
  }
  return program
}

/**
 * Parses JavaScript.
 * @param parser acorn's, or one that a plugin extends
 * @throws SyntaxError
 */
export function parseJavaScript(text: string, sourceType: 'module' | 'script' | 'commonjs', parser = Parser): Node {
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType,
    ranges: true,
    allowHashBang: true,
    // Text of a method or of an arrow in one: that it stands alone is not its mistake.
    allowSuperOutsideMethod: true,
    checkPrivateFields: false,
  }
  return complete(parser.parse(text, options) as unknown as Node)
}

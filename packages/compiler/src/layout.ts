/** Where a module can be written to without moving a directive, a line or the order in which it runs. */
import type { Layout } from './model.ts'
import type { Node } from './parse.ts'

export function layoutOf(program: Node, commonjs: boolean): Layout {
  const body = (program.body as Node[]).filter((node) => node.directive === undefined || node.directive === null)
  const statements = body.map(beginning)
  return { style: styleOf(program, commonjs), statements, head: statements[0] ?? program.end }
}

/** A class begins with its decorators, wherever its node does. */
function beginning(node: Node): number {
  const inner = (node.declaration ?? node) as Node
  const [first] = (inner.decorators ?? []) as Node[]
  return Math.min(node.start, first?.start ?? node.start)
}

function styleOf(program: Node, commonjs: boolean): Layout['style'] {
  if (commonjs) return 'require'
  return hasModuleSyntax(program) ? 'import' : 'unknown'
}

/** `import`, `export`, `import.meta`, or `await` outside of every function. */
function hasModuleSyntax(program: Node): boolean {
  const pending: (readonly [node: Node, inFunction: boolean])[] = [[program, false]]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [node, inFunction] = next
    if (/^(?:Import|Export)\w*Declaration$|^TS(?:ImportEquals|Export)/.test(node.type)) return true
    if (node.type === 'MetaProperty' && node.meta.name === 'import') return true
    const awaits = node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await === true)
    if (awaits && !inFunction) return true
    const inside = inFunction || /Function/.test(node.type)
    for (const field of Object.keys(node)) {
      const value: unknown = node[field]
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child === 'object' && typeof (child as Node).type === 'string')
          pending.push([child as Node, inside])
      }
    }
  }
  return false
}

/** JSX, by what it becomes: whitespace and entities by its rules, `a` is `a={true}`, `a="x"` is `a={'x'}`. */
/// <reference path="./xhtml.d.ts" />
import entities from 'acorn-jsx/xhtml.js'
import { Use } from './model.ts'
import type { Node } from './parse.ts'
import { quoted } from './stream.ts'
import { assertKnown, UnknownSyntax } from './syntax.ts'
import type { Walk } from './walk.ts'
import { plain } from './writer.ts'

export function jsx(walk: Walk, node: Node): void {
  const { stream } = walk.writer
  const opening = (node.openingElement ?? node.openingFragment) as Node
  assertKnown(opening)
  stream.open('Jsx')
  walk.writer.slot({ option: 'jsx' }, node.start, { use: 0, tail: walk.writer.pragmas })
  for (const name of walk.writer.module.factories) walk.writer.reference(name, { use: Use.call })
  if (opening.type === 'JSXOpeningFragment') stream.put('Fragment;')
  else {
    elementName(walk, opening.name)
    for (const attribute of opening.attributes as Node[]) attributeOf(walk, attribute)
  }
  stream.put('Children;')
  for (const child of node.children as Node[]) childOf(walk, child)
  stream.close()
}

function elementName(walk: Walk, node: Node): void {
  const { stream } = walk.writer
  assertKnown(node)
  if (node.type === 'JSXMemberExpression') {
    stream.open('Member')
    elementName(walk, node.object)
    stream.put(quoted(node.property.name))
    stream.close()
  } else if (node.type === 'JSXNamespacedName') {
    stream.put(quoted(`${node.namespace.name}:${node.name.name}`))
  } else if (node.name === 'this') walk.expression({ type: 'ThisExpression', start: node.start, end: node.end }, plain)
  else if (/^[a-z]/.test(node.name) || node.name.includes('-')) stream.put(quoted(node.name))
  else walk.writer.reference(node, { use: Use.value | Use.call })
}

function attributeOf(walk: Walk, node: Node): void {
  const { stream } = walk.writer
  assertKnown(node)
  if (node.type === 'JSXSpreadAttribute') {
    stream.open('Spread')
    walk.expression(node.argument, plain)
    return stream.close()
  }
  const name = node.name as Node
  stream.put(
    `Attribute ${quoted(name.type === 'JSXNamespacedName' ? `${name.namespace.name}:${name.name.name}` : name.name)}`,
  )
  const value = node.value as Node | null
  if (!value) stream.put('true;')
  else if (value.type === 'Literal') stream.put(quoted(decoded(value.raw.slice(1, -1))))
  else if (value.type === 'JSXExpressionContainer') {
    assertKnown(value)
    walk.expression(value.expression, plain)
  } else walk.expression(value, plain)
}

function childOf(walk: Walk, node: Node): void {
  const { stream } = walk.writer
  assertKnown(node)
  switch (node.type) {
    case 'JSXText': {
      const text = trimmed(node.raw ?? node.value)
      if (text !== '') stream.put(quoted(decoded(text)))
      return
    }
    case 'JSXExpressionContainer':
      if (node.expression.type !== 'JSXEmptyExpression') walk.expression(node.expression, plain)
      return
    case 'JSXSpreadChild':
      stream.open('Spread')
      walk.expression(node.expression, plain)
      return stream.close()
    case 'JSXElement':
    case 'JSXFragment':
      return jsx(walk, node)
    default:
      throw new UnknownSyntax(node)
  }
}

/** Lines are trimmed, empty ones left out, the rest joined by one space. */
function trimmed(text: string): string {
  const lines = text.split(/\r\n|\n|\r/)
  return lines
    .map((line, index) => {
      let out = line.replaceAll('\t', ' ')
      if (index > 0) out = out.replace(/^ +/, '')
      if (index < lines.length - 1) out = out.replace(/ +$/, '')
      return out
    })
    .filter((line) => line !== '')
    .join(' ')
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? entities[name]! : whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

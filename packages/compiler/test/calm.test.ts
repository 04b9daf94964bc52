import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const head = "import { cached } from '@autocache/core'\n"
const codes = (source: string, more: Record<string, string> = {}) =>
  inMemory({ 'main.ts': head + source, ...more }).diagnostics.map(({ code }) => code)

/** A function that adds to what it is called on. */
const other = 'function (this: any, n: number) { return (this.n = (this.n ?? 0) + n) }'
/** A class with an `add` that does nothing, and something besides. */
const kind = (member: string, before = '', after = '') =>
  `${before}class Kind { add(n: number) { return n }\n${member} }\nconst math: any = new Kind()\n${after}${f}`
const f = 'export const f = cached((n: number) => math.add(n, 1))'

describe('a member by the name of a mutator changes nothing where the code shows that it does not', () => {
  test.each([
    ['of an object', `const math = { add: (a: number, b: number) => a + b }\n${f}`],
    ['of an object, a method', `const math = { add(a: number, b: number) { return a + b } } as const\n${f}`],
    [
      'of an object whose members call each other',
      `const math = { add: (a: number, b: number) => a + b, twice(n: number) { return this.add(n, n) } }\n${f}`,
    ],
    [
      'of an instance whose constructor is overloaded',
      `class Calc { constructor(n: 1); constructor(n: 2); constructor(readonly n: number) {} add(a: number, b: number) { return a + b } }
      const math = new Calc(1)\n${f}`,
    ],
    ['of an instance', `class Calc { add(a: number, b: number) { return a + b } }\nconst math = new Calc()\n${f}`],
  ])('%s', (_, source) => {
    expect(codes(source)).toEqual([])
  })

  test('in another module', () => {
    const math = 'export default { add: (a: number, b: number) => a + b }'
    expect(codes(`import math from './math'\n${f}`, { 'math.ts': math })).toEqual([])
    const calc = 'export class Calc { add(a: number, b: number) { return a + b } }'
    expect(codes(`import { Calc } from './calc'\nconst math = new Calc()\n${f}`, { 'calc.ts': calc })).toEqual([])
  })
})

describe('it is a change of module state where it may be one', () => {
  test.each([
    [
      'the member changes `this`',
      `const math = { total: 0, add(a: number, b: number) { return (this.total += a + b) } }\n${f}`,
    ],
    [
      'the member changes its object by name',
      `const math = { total: 0, add: (a: number, b: number) => (math.total += a + b) }\n${f}`,
    ],
    ['it is of a collection', `const math = new Set<number>()\n${f.replace('(n, 1)', '(n)')}`],
    [
      'it is of what the object holds',
      `const math = { add: (n: number) => n, seen: new Set<number>() }\nexport const f = cached((n: number) => math.seen.add(n))`,
    ],
    [
      'another is put in its place',
      `const math: any = { add: (a: number, b: number) => a + b }\nmath.add = function (n: number) { this.n = n }\n${f}`,
    ],
    [
      'it may be spread over',
      `const more = { add(this: any, n: number) { this.n = n } }\nconst math: any = { add: (n: number) => n, ...more }\n${f}`,
    ],
    [
      'a subclass of which nothing is shown',
      `class Calc extends Map { add(a: number, b: number) { return this.set(a, b) } }\nconst math: any = new Calc()\n${f}`,
    ],
    [
      'a field puts another in its place',
      `class Calc { add(n: number) { return n } constructor() { (this as any).add = function (n: number) { this.n = n } } }\nconst math: any = new Calc()\n${f}`,
    ],
    [
      'a parameter property is in its place',
      `class Calc { constructor(public add: any) {} }\nconst math = new Calc(function (this: any, n: number) { this.n = n })\n${f}`,
    ],
    [
      'what it extends may put another in its place',
      `class Base { constructor() { (this as any).add = function (n: number) { this.n = n } } }\nclass Calc extends Base { add(n: number) { return n } }\nconst math: any = new Calc()\n${f}`,
    ],
    [
      'the prototype gets another',
      `class Calc { add(n: number) { return n } }\nCalc.prototype.add = function (this: any, n: number) { return (this.n = n) }\nconst math: any = new Calc()\n${f}`,
    ],
    ['a field puts another in its place, itself', kind(`x = ((this as any).add = ${other})`)],
    ['a field hands the instance on', kind('x = patch(this)', `function patch(k: any) { k.add = ${other} }\n`)],
    ['a static block changes the prototype', kind(`static { (this as any).prototype.add = ${other} }`)],
    ['a decorator changes the class', kind('', `const deco = (k: any) => { k.prototype.add = ${other} }\n@deco `)],
    ['another method puts another in its place', kind(`init() { (this as any).add = ${other} }`, '', 'math.init()\n')],
    ['a member has a name that only the run knows', kind(`['a' + 'dd'](n: number) { return ((this as any).n = n) }`)],
    ['a constructor gives another object', kind('constructor() { return new Set() as any }')],
    [
      'a method of the object puts another in its place',
      `const math: any = { add(n: number) { return n }, init() { this.add = ${other} } }\nmath.init()\n${f}`,
    ],
    [
      'another is put in its place by another name',
      `const math: any = { add: (n: number) => n }\nconst alias = math\nalias.add = ${other}\n${f}`,
    ],
    ['the prototype has another name', kind('', '', `const proto: any = Kind.prototype\nproto.add = ${other}\n`)],
  ])('%s', (_, source) => {
    expect(codes(source)).toContain('mutable-capture')
  })
})

import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const head = "import { cached } from '@autocache/core'\n"
const codes = (source: string, more: Record<string, string> = {}) =>
  inMemory({ 'main.ts': head + source, ...more }).diagnostics.map(({ code }) => code)

const f = 'export const f = cached((n: number) => math.add(n, 1))'

describe('a member by the name of a mutator changes nothing where the code shows that it does not', () => {
  test.each([
    ['of an object', `const math = { add: (a: number, b: number) => a + b }\n${f}`],
    ['of an object, a method', `const math = { add(a: number, b: number) { return a + b } } as const\n${f}`],
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
  ])('%s', (_, source) => {
    expect(codes(source)).toContain('mutable-capture')
  })
})

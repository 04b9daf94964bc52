import { describe, expect, test } from 'vitest'
import { type Deploy, files, head, playDeploy, playDeploys, tail } from './edits.ts'

const base = `export class Base {
  rate = 2
  protected held: any
  constructor(held?: unknown) { this.held = held }
  round(n: number) { return n * this.rate * this.factor() }
  factor() { return 1 }
  get twice() { return this.rate * 2 }
  later = (n: number) => n * this.rate
  find(n: number) { return this.held.find(n) }
}`

/** A service whose base class is in another file, with what its cached method does, more members, and what is asked. */
const service = (use: string, more = '', made = 'new Service()', before = ''): Readonly<Record<string, string>> => ({
  'main.ts': `${head}import { Base } from './base'\n${before}
class Service extends Base { unread = new WeakMap()\n${more}
  @cached({ name: 'go' }) async go(n: number) { return ${use} } }
export const f = (n: number) => ${made}.go(n)${tail}`,
  'base.ts': base,
})

const edit = (program: Readonly<Record<string, string>>, file: string, from: string, to: string): Deploy => {
  if (!program[file]!.includes(from)) throw new Error(`There is no ${from}`)
  return files(program, { [file]: program[file]!.replace(from, to) })
}

const round = service('this.round(n)')
const made = 'Object.assign(new Service(), { rate: 3 })'
const repository = 'class Repo { find(n: number) { return n } }\n'

const deploys: Record<string, Deploy> = {
  'the inherited method': edit(round, 'base.ts', 'n * this.rate', 'n + this.rate'),
  'what it calls': edit(round, 'base.ts', 'return 1', 'return 2'),
  'an initial value that it reads': edit(round, 'base.ts', 'rate = 2', 'rate = 3'),
  'data that it reads': edit(service('this.round(n)', '', made), 'main.ts', 'rate: 3', 'rate: 4'),
  'data that a getter reads': edit(service('this.twice * n', '', made), 'main.ts', 'rate: 3', 'rate: 4'),
  'data that is read by way of `super`': edit(service('super.round(n)', '', made), 'main.ts', 'rate: 3', 'rate: 4'),
  'data that a function in a field reads': edit(service('this.later(n)', '', made), 'main.ts', 'rate: 3', 'rate: 4'),
  'an overriding member of the class, and what it reads': edit(
    service('this.round(n)', 'factor() { return this.own }\nown = 2', 'Object.assign(new Service(), { own: 3 })'),
    'main.ts',
    'own: 3',
    'own: 4',
  ),
  'an overriding member of a subclass': edit(
    service('this.round(n)', '', 'new (class extends Service { factor() { return 3 } })()'),
    'main.ts',
    'return 3',
    'return 4',
  ),
  'what it calls through': edit(
    service('this.find(n)', '', 'new Service(new Repo())', repository),
    'main.ts',
    'return n }',
    'return n * 2 }',
  ),
  'a method that is replaced on the object': edit(
    service('this.round(n)', '', 'Object.assign(new Service(), { factor: () => 3 })'),
    'main.ts',
    '() => 3',
    '() => 4',
  ),
  'a base class between that no stamp tells of': edit(
    service(
      'this.round(n)',
      '',
      'Object.assign(Object.create(Object.assign(Object.create(Service.prototype), { factor: () => 3 })), { rate: 2 })',
    ),
    'main.ts',
    '() => 3',
    '() => 4',
  ),
}

playDeploys(deploys)

describe('what a class inherits from another file needs no `key` over a shared store', () => {
  test.each([
    ['a method', service('this.round(n)')],
    ['by way of `super`', service('super.round(n)')],
    ['a getter by way of `super`', service('super.twice')],
    ['a method of a repository behind it', service('this.find(n)', '', 'new Service(new Repo())', repository)],
  ])('%s', async (_, program) => {
    const { answered, computed, warm } = await playDeploy({ files: program }, { files: program })
    expect(answered).toEqual(computed)
    expect(warm).toBe(true)
  })

  test('and neither does the cached method itself', async () => {
    const program = {
      'main.ts': `import { Base } from './base'\nclass Sub extends Base { rate = 3 }\nexport const f = (n: number) => new Sub().go(n)${tail}`,
      'base.ts': `${head}export class Base { rate = 2\n@cached({ name: 'go' }) async go(n: number) { return this.round(n) }\nround(n: number) { return n * this.rate } }`,
    }
    expect(await playDeploy({ files: program }, { files: program })).toEqual({ answered: 9, computed: 9, warm: true })
    const edited = { ...program, 'main.ts': program['main.ts'].replace('rate = 3', 'rate = 4') }
    expect(await playDeploy({ files: program }, { files: edited })).toMatchObject({ answered: 12, computed: 12 })
  })
})

test('what a class inherits from one that has no stamp counts as all of its object', async () => {
  const program = service('this.get(n) ?? 1', 'other = new WeakMap()')
  const native = { 'main.ts': program['main.ts']!.replace('extends Base', 'extends Map<number, number>') }
  expect((await playDeploy({ files: native }, { files: native })).answered).toMatch(/^UnkeyableValueError/)
})

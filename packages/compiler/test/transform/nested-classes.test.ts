import { expect, test } from 'vitest'
import { edited, one, playDeploy } from './edits.ts'
import { written } from './support.ts'

const source =
  'interface Port { find(n: number): number }\n' +
  'const make = (rate: number) => {\n' +
  '  class Repo implements Port { find(n: number) { return n * rate } }\n' +
  '  class Service { constructor(public repo: Port) {} @cached() load(n: number) { return this.repo.find(n) + this.fee() } fee() { return 1 } }\n' +
  '  return new Service(new Repo())\n' +
  '}\n' +
  'const f = (n: number) => make(2).load(n)'

const play = ([before, after]: ReturnType<typeof one>) => playDeploy({ files: before }, { files: after })

test('R04 a class in a function is stamped, with what it captured', () => {
  expect(
    written(
      'export const make = (ctx) => { class Repo { find(n) { return n * ctx.rate } }\nclass Service { repo: Port = new Repo(); @cached() load(n) { return this.repo.find(n) } } return new Service() }\ninterface Port {}',
    ),
  ).toMatchInlineSnapshot(`
    "export const make = (ctx) => { class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…",captures:[()=>ctx.rate]})} find(n) { return n * ctx.rate } }
    class Service {static{_ac_putStamp(this,{contract:2,label:"Service",version:"s1-…",captures:[()=>ctx.rate],calls:_ac_through([["this.repo",_=>_.repo]])})} repo: Port = new Repo(); @cached() @_ac_stampMember({contract:2,label:"make.Service.load",version:"s1-…",calls:_ac_through([["this.repo",_=>_.repo]]),trailing:"drop"}) load(n) { return this.repo.find(n) } } return new Service() }
    interface Port {}"
  `)
})

test('R04 its methods find what an earlier release computed', async () => {
  expect(await play(one(source, `${source} // later`))).toMatchObject({ answered: 7, warm: true })
})

test.each([
  ['a class that is called through', 'n * rate', 'n * rate + 1'],
  ['a method beside', 'return 1', 'return 2'],
  ['a captured value', 'make(2)', 'make(3)'],
])('R04 an edit of %s is seen', async (_, from, to) => {
  const { answered, computed } = await play(edited(source, from, to))
  expect(answered).toBe(computed)
})

test('R04 a class in a function whose subclass has other methods', async () => {
  const extended = source.replace(
    'return new Service(',
    'class Other extends Service { fee() { return 5 } }\nreturn new Other(',
  )
  expect(await play(one(extended, extended))).toMatchObject({ answered: 11, warm: true })
  const { answered, computed } = await play(edited(extended, 'return 5', 'return 6'))
  expect(answered).toBe(computed)
})

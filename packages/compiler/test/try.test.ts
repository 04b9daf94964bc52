import { test } from 'vitest'
import { inMemory } from './in-memory.ts'
const head = "import { cached } from '@autocache/core'\n"
const progs: Record<string, any> = {
  lit: { 'main.ts': head + "const math = { add: (a: number, b: number) => a + b }\nexport const f = cached((n: number) => math.add(n, 1))" },
  inst: { 'main.ts': head + "class Calc { add(a: number, b: number) { return a + b } }\nconst calc = new Calc()\nexport const f = cached((n: number) => calc.add(n, 1))" },
  instSelf: { 'main.ts': head + "class Calc { add(a: number, b: number) { return a + b } }\nconst calc = new Calc()\nexport const f = cached((n: number) => calc.add(n, 1))\nexport const g = cached((n: number) => calc.add(n, 2))" },
  ns: { 'main.ts': head + "import * as math from './math'\nexport const f = cached((n: number) => math.add(n, 1))", 'math.ts': 'export const add = (a: number, b: number) => a + b' },
  def: { 'main.ts': head + "import math from './math'\nexport const f = cached((n: number) => math.add(n, 1))", 'math.ts': 'export default { add: (a: number, b: number) => a + b }' },
  sort: { 'main.ts': head + "const xs = [3,1,2]\nexport const f = cached((n: number) => [...xs].sort()[0]! + n)" },
  listener: { 'main.ts': "import { createAutocache } from '@autocache/core'\nconst cache = createAutocache({})\nconst seen: string[] = []\ncache.on('fill', ({ label }) => void seen.push(label))\nexport const a = cache.cached((n: number) => n * 2)\nexport const f = cache.cached((n: number) => a(n) + 1)" },
  listener2: { 'main.ts': "import { createAutocache } from '@autocache/core'\nexport const cache = createAutocache({})\nlet hits = 0\ncache.on('hit', () => { hits += 1 })\nexport const stats = () => hits\nexport const { cached } = cache\nexport const a = cached((n: number) => n * 2)\nexport const f = cached((n: number) => a(n) + 1)" },
  invalidate: { 'main.ts': "import { createAutocache } from '@autocache/core'\nexport const cache = createAutocache({})\nexport const a = cache.cached((n: number) => n * 2)\nexport const save = async (n: number) => { await a.invalidate(n); await cache.invalidateTags(['x']) }\nexport const f = cache.cached((n: number) => a(n) + 1)" },
  logger: { 'main.ts': head + "const lines: string[] = []\nconst log = (s: string) => { lines.push(s) }\nexport const f = cached((n: number) => { log('x'); return n })" },
  counter: { 'main.ts': head + "let calls = 0\nexport const f = cached((n: number) => { calls++; return n })" },
}
test('x', () => {
  for (const [name, files] of Object.entries(progs)) {
    const a = inMemory(files)
    console.log(name, JSON.stringify(a.diagnostics.map((d) => `${d.level} ${d.code} ${d.message.slice(0,160)} ${d.path.join('->')}`), null, 1))
  }
})

/**
 * Small functions and modules made at random, always the same for one seed. They are dense in what the compiler rewrites
 * and in what it has to keep apart, so that many of them share a version: those must then do the same.
 */

export type Random = (bound: number) => number

/** Mulberry32: small, and the same on every engine. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

interface Place {
  readonly depth: number
  readonly loop: boolean
  readonly labels: readonly string[]
  /** Names that can be read here. */
  readonly names: readonly string[]
}

/** A function `f(c, t)` whose control flow is decided by `c(k)` and seen by `t(value)`. */
export function generatedFlow(random: Random): string {
  let fresh = 0
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const test = ({ depth }: Place): string => {
    const plain = `c(${random(2)})`
    switch (random(depth > 0 ? 9 : 3)) {
      case 0:
      case 1:
        return plain
      case 2:
        return `!${plain}`
      case 3:
        return `!!${plain}`
      case 4:
        return `${plain} !== true`
      case 5:
        return `${plain} && c(2)`
      case 6:
        return `!(${plain} == true)`
      case 7:
        return one(['true', 'false', '0', '1'])
      default:
        return `(${plain}, c(2))`
    }
  }
  const value = (place: Place): string => {
    switch (random(7)) {
      case 0:
        return 'undefined'
      case 1:
        return 'void 0'
      case 2:
        return String(random(2))
      case 3:
        return place.names.length > 0 ? one(place.names) : '1'
      case 4:
        return place.depth > 0
          ? `${test(place)} ? ${value({ ...place, depth: 0 })} : ${value({ ...place, depth: 0 })}`
          : '0'
      case 5:
        return `t(${random(2)})`
      default:
        return String(random(2))
    }
  }
  const block = (place: Place, size: number): string => {
    let names = place.names
    const out: string[] = []
    for (let count = random(size + 1); count > 0; count -= 1) {
      const inner = { ...place, depth: place.depth - 1, names }
      const text = statement(inner, (name) => {
        names = [...names, name]
      })
      out.push(text)
    }
    return out.join('\n')
  }
  const statement = (place: Place, declare: (name: string) => void): string => {
    const nested = () => `{\n${block(place, 2)}\n}`
    if (place.depth <= 0) {
      switch (random(7)) {
        case 0:
          return 'return'
        case 1:
          return `return ${value(place)}`
        case 2:
          return place.loop ? one(['break', 'continue', ...place.labels.map((label) => `break ${label}`)]) : 't(2)'
        case 3:
          return place.names.length > 0 ? `t(${one(place.names)})` : 't(3)'
        default:
          return `t(${random(3)})`
      }
    }
    switch (random(18)) {
      case 0:
      case 1:
        return `if (${test(place)}) ${nested()}`
      case 2:
      case 3:
        return `if (${test(place)}) ${nested()} else ${nested()}`
      case 4:
        return `if (${test(place)}) return ${value(place)}`
      case 5:
        return `${test(place)} && t(${random(3)})`
      case 6:
        return `${test(place)} ? t(0) : t(1)`
      case 7: {
        const name = `v${fresh++}`
        const text = `${one(['let', 'const', 'var'])} ${name} = ${value(place)}`
        declare(name)
        return text
      }
      case 8: {
        const name = `h${fresh++}`
        const text = `function ${name}() {\n${block({ ...place, loop: false, labels: [] }, 2)}\n}`
        declare(`${name}()`)
        return one([text, `${text}\nt(${name}())`, `t(${name}())\n${text}`])
      }
      case 9: {
        const name = `i${fresh++}`
        const body = block({ ...place, loop: true, names: [...place.names, name] }, 2)
        return `for (let ${name} = 0; ${name} < 2; ${name}++) {\n${body}\n}`
      }
      case 10: {
        const name = `n${fresh++}`
        const body = block({ ...place, loop: true }, 2)
        return `let ${name} = 2\nwhile (${name}-- > 0) {\n${body}\n}`
      }
      case 11:
        return `try ${nested()} ${one(['catch', 'catch (e)', 'finally'])} ${nested()}`
      case 12: {
        const label = `l${fresh++}`
        const body = block({ ...place, loop: false, labels: [...place.labels, label] }, 2)
        return `${label}: {\n${body}\n${one([`break ${label}`, ''])}\n}`
      }
      case 13:
        return `switch (${test(place)} ? 1 : ${random(3)}) {\ncase 1:\n${block(place, 2)}\n${one(['break', ''])}\ndefault:\n${block(place, 1)}\n}`
      case 14:
        return place.names.some((name) => name.startsWith('v')) ? `t(${one(place.names)})` : ';'
      case 15:
        return nested()
      case 16:
        return `throw ${random(2)}`
      default:
        return `return ${value(place)}`
    }
  }
  // `break` in a `switch` needs no loop; one in a labelled block names it.
  return `export function f(c, t) {\n${block({ depth: 3, loop: false, labels: [], names: [] }, 4)}\n}`
}

/** A function of two values made of what the compiler reads by value: texts, keys, literals, negations. */
export function generatedExpression(random: Random): string {
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const leaf = () =>
    one([
      'a',
      'b',
      '1',
      '0',
      '-0',
      '"1"',
      "'x'",
      '`x`',
      'null',
      'undefined',
      'void 0',
      'true',
      '!0',
      '1n',
      '""',
      'a.k',
      "a['k']",
      'a?.k',
      '0x1',
      '1.0',
      '/x/g',
    ])
  const make = (depth: number): string => {
    if (depth === 0) return leaf()
    const x = () => make(depth - 1 - random(2 > depth ? 1 : 2))
    switch (random(22)) {
      case 0:
      case 1:
        return `(${x()} + ${x()})`
      case 2:
        return `\`\${${x()}}\``
      case 3:
        return `\`x\${${x()}}y\``
      case 4:
        return `('x' + ${x()})`
      case 5:
        return `typeof ${x()}`
      case 6:
        return `!${x()}`
      case 7:
        return `(${x()} ? ${x()} : ${x()})`
      case 8:
        return `(${x()} ${one(['===', '!==', '==', '!=', '<', '>=', '>', '<='])} ${x()})`
      case 9:
        return `(${x()} ${one(['&&', '||', '??'])} ${x()})`.replace(/^\((.*)\)$/, (all) => all)
      case 10:
        return `{ k: ${x()} }.k`.replace(/^\{/, '({').replace(/\}\.k$/, '}).k')
      case 11:
        return `[${x()}, ${x()}].length`
      case 12:
        return `({ ${one(['k', "'k'", "['k']", '__proto__', "['__proto__']", "'__proto__'"])}: ${x()} }).k`
      case 13:
        return `(() => ${x()})()`
      case 14:
        return `(function () { return ${x()} })()`
      case 15:
        return `(${x()}, ${x()})`
      case 16:
        return `-${one(['a', 'b', '1', '0', '(1)'])}`
      case 17:
        return `(a?.k)${one(['.k', '?.k', ''])}`
      case 18:
        return `a?.k${one(['.k', '?.k', ''])}`
      case 19:
        return `(void ${x()})`
      case 20:
        return `((k) => ${one(['k', 'a', 'k + a'])})(${x()})`
      default:
        return `[...[${x()}]].map((k) => ${one(['k', '!k', 'typeof k'])})[0]`
    }
  }
  const body = make(3)
  return `export function f(a, b) { return ${body} }`
}

/** A module whose state is changed by its own statements and functions in many ways; `f` reads some of it. */
export function generatedModule(random: Random): string {
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const states = ['o', 'p', 'n', 'm', 'k']
  const holders = [
    'const o = { x: 0 }',
    'const p = [0]',
    'let n = 0',
    'const m = new Map()',
    one(['const k = o', 'const k = { o }.o', 'const k = [o][0]', 'let k = p', 'const k = { x: 1 }']),
  ]
  const changes = [
    'o.x = 1',
    'o.x++',
    'delete o.x',
    'p.push(1)',
    'p[0] = 2',
    'p.length = 0',
    'n = 1',
    'n += 2',
    'm.set(1, 2)',
    'm.set(1, 3)',
    'k.x = 5',
    'k.y = 6',
    'Object.assign(o, { x: 7 })',
    'Object.assign(k, { x: 8 })',
    "Object.defineProperty(o, 'x', { value: 9 })",
    '[o.x] = [10]',
    '({ a: n } = { a: 11 })',
    'for (o.x of [12]);',
    'for (const q of [o]) q.x = 13',
    '[o].forEach((q) => { q.x = 14 })',
    '((q) => { q.x = 15 })(o)',
    'const { z = o } = {}; z.x = 16',
    'id(o).x = 17',
    'set(o, 18)',
    'set(p, 19)',
    'set(k, 20)',
    'deep({ o })',
    'later(() => { o.x = 21 })',
    'later(() => set(o, 22))',
    'o.self = o; o.self.x = 23',
    'Reflect.set(o, "x", 24)',
    'own(o)',
    'get().x = 25',
    'new Keeper(o)',
    'set.call(null, o, 26)',
    'tag`${o}`',
    'try { o.x = 27 } catch {}',
    'if (n) { o.x = 28 }',
    'label: o.x = 29',
    'globalThis.shared = 30',
    'p.forEach((q, i) => { p[i] = 31 })',
    'm.forEach((q) => { o.x = 32 })',
    'Array.from([o], (q) => { q.x = 33 })',
    '(o).x ||= 34',
    'with_(o)',
    'var w = o; w.x = 35',
    'state.o.x = 36',
  ]
  const helpers = [
    'function set(q, v) { q.x = v }',
    'const id = (q) => q',
    'const get = () => o',
    'const deep = (q) => { q.o.x = 40 }',
    'const later = (g) => g()',
    'function own(q) { const r = q; r.x = 41 }',
    'class Keeper { constructor(q) { q.x = 42 } }',
    'const tag = (s, q) => { q.x = 43 }',
    'const with_ = (q) => { Object.assign(q, { x: 44 }) }',
    'const state = { o }',
  ]
  const reads = [
    'o.x',
    'p[0]',
    'p.length',
    'n',
    'm.get(1)',
    'k.x',
    'get().x',
    'JSON.stringify(o)',
    'state.o.x',
    'k.y',
    'globalThis.shared',
  ]
  const functions = changes.filter((change) => !/^(?:var|label|const)/.test(change))
  const bodies: string[] = []
  const count = 1 + random(4)
  for (let index = 0; index < count; index += 1) {
    switch (random(6)) {
      case 0:
        bodies.push(`function g${index}() { ${one(functions)} }`)
        if (random(2)) bodies.push(`g${index}()`)
        break
      case 1:
        bodies.push(
          `const h${index} = (${one(functions.filter((change) => !/^(?:for|if|try|delete|const|var)|;/.test(change)))}, 1)`,
        )
        break
      case 2:
        bodies.push(`function g${index}() { ${one(functions)} }\nconst r${index} = [1].map(g${index})`)
        break
      default:
        bodies.push(`{ ${one(changes)} }`.replace(/^\{ ((?:var|const|label).*) \}$/, '{ $1 }'))
    }
  }
  const lines = [...holders, ...helpers, ...bodies]
  void states
  return `${lines.join('\n')}\nexport function f() { return [${one(reads)}, ${one(reads)}] }`
}

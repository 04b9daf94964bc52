/**
 * A made-up project for measuring the compiler: as many modules and cached functions as one asks for, always the same
 * for the same numbers. Its features are folders of twenty modules behind a barrel, in blocks of thirty: a feature uses
 * some before it in its block, so that what a function reaches does not grow with the project.
 */
import { type Callable, type Declared, declarations } from './code.ts'
import { type Edit, keyOf } from './edit.ts'
import { Draws } from './random.ts'

export interface ProjectSize {
  /** Source files; JSON, settings and packages come on top. At least 100. */
  readonly modules: number
  readonly cached: number
}

/** A cached function of the project, and where it belongs. */
export interface CachedFact {
  readonly file: string
  readonly label: string
  readonly feature: number
}

export interface GeneratedProject {
  /** Contents by path from the root, with `/`. */
  readonly files: ReadonlyMap<string, string>
  /** The source files among them. */
  readonly modules: readonly string[]
  readonly cached: readonly CachedFact[]
  readonly features: number
}

const shared = 40
const perFeature = 20
const perBlock = 30
const packages = 'scale clock money geo text color queue retry graph units table matrix'
  .split(' ')
  .map((name) => `acme-${name}`)

const pad = (number: number) => String(number).padStart(4, '0')
const folderOf = (feature: number) => `src/features/f${pad(feature)}`
const packageOf = (feature: number) => packages[feature % packages.length]!

/** Makes the project. What is in a module depends on its own number only, so that a larger project has the same ones. */
export function generateProject({ modules: count, cached: cachedCount }: ProjectSize): GeneratedProject {
  const features = Math.floor((count - shared - 3) / perFeature)
  if (features < 1) throw new RangeError('A generated project has at least 100 modules.')
  const files = new Map<string, string>()
  const modules: string[] = []
  const add = (file: string, code: string) => {
    // As from an editor on Windows.
    files.set(file, modules.length % 7 === 3 ? code.replaceAll('\n', '\r\n') : code)
    modules.push(file)
  }

  const sharedCallables = addShared(add)
  const offered: Callable[][] = []
  for (let feature = 0; feature < features; feature++) {
    const uses = usesOf(feature)
    const labels = range(cachedCount).filter((index) => index % features === feature)
    const foreign = uses.map((other) => ({ feature: other, callables: offered[other]! }))
    offered.push(addFeature(feature, labels.length, foreign, sharedCallables, add))
    files.set(`${folderOf(feature)}/settings.json`, settingsOf(feature))
  }
  add(
    'src/main.ts',
    `import './shared/prepare'\n${range(features)
      .map((feature) => `import { start${feature} } from './features/f${pad(feature)}'`)
      .join('\n')}\n\nexport const routes = [\n${range(features)
      .map((feature) => `  { path: '/f${feature}', start: start${feature} },\n`)
      .join('')}]\n`,
  )
  for (let task = 0; modules.length < count; task++) {
    const draws = new Draws(900_000_000 + task)
    const made = declarations(draws, draws.between(50, 200), ['cut', 'wrap'])
    add(
      `src/tasks/t${pad(task)}.ts`,
      `import { callable0 as cut, callable1 as wrap } from '@/shared'\n\n${codeOf(made)}`,
    )
  }
  addSettings(files)

  const cached = range(cachedCount).map((index) => {
    const feature = index % features
    return { file: `${folderOf(feature)}/queries.ts`, label: labelOf(feature, Math.floor(index / features)), feature }
  })
  return { files, modules, cached, features }
}

/**
 * Changes with a known effect, on features that have nothing to do with each other.
 * @param project one with at least thirty features
 */
export function knownEdits({ files, features, cached }: GeneratedProject): readonly Edit[] {
  if (features < 30) throw new RangeError('Known edits are for projects of thirty features.')
  const at = (index: number) => Math.floor((index * features) / 10)
  const rules = (feature: number) => `${folderOf(feature)}/rules.ts`
  const of = (wanted: (feature: number) => boolean) =>
    cached.filter(({ feature }) => wanted(feature)).map(({ file, label }) => keyOf(file, label))
  const functionsOf = (feature: number) => of((each) => each === feature)
  const [value, json, spare, comment, local, unread, endings, removed] = range(8).map(at) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const module = files.get(rules(endings))!
  const upgraded = packageOf(at(8))
  const integrity = `sha512-${upgraded}-1`
  const change = (title: string, file: string, from: string, to: string, changes: readonly string[] = []): Edit => ({
    title,
    file,
    from,
    to,
    changes,
    keeps: 'others',
  })
  return [
    change('a literal in a helper', rules(value), `${700_000 + value}`, `${800_000 + value}`, functionsOf(value)),
    change(
      'a value of a JSON file that is read',
      `${folderOf(json)}/settings.json`,
      `"most": ${1000 + json}`,
      `"most": ${2000 + json}`,
      functionsOf(json),
    ),
    change(
      'a statement of a helper removed',
      rules(removed),
      `result += ${600_000 + removed}`,
      '',
      functionsOf(removed),
    ),
    change(
      'a package of another content in the lockfile',
      'package-lock.json',
      integrity,
      `${integrity}2`,
      of((feature) => packageOf(feature) === upgraded),
    ),
    change('a function nobody calls', rules(spare), `${500_000 + spare}`, `${400_000 + spare}`),
    change('a comment', rules(comment), `Rules of ${comment}.`, 'Rules, in other words.'),
    change('the name of a variable', rules(local), `rate${local}`, 'pace'),
    change(
      'a value of a JSON file that is not read',
      `${folderOf(unread)}/settings.json`,
      `note ${unread}`,
      'another note',
    ),
    change(
      'line endings',
      rules(endings),
      module,
      module.includes('\r\n') ? module.replaceAll('\r\n', '\n') : module.replaceAll('\n', '\r\n'),
    ),
  ]
}

/** One change to one file, another each time, that gives one feature's functions another version. */
export function warmEdit({ features, cached }: GeneratedProject, turn: number): Edit {
  const feature = Math.floor(features / 2)
  return {
    title: 'a literal in a helper',
    file: `${folderOf(feature)}/rules.ts`,
    from: `${700_000 + feature}`,
    to: `${1_000_000 + turn}`,
    changes: cached.filter((fact) => fact.feature === feature).map(({ file, label }) => keyOf(file, label)),
    keeps: 'others',
  }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const codeOf = (declared: readonly Declared[]) => declared.map(({ code }) => code).join('\n')
const callablesOf = (declared: readonly Declared[]) => declared.flatMap(({ callable }) => callable ?? [])
const labelOf = (feature: number, index: number) => `find${feature}By${index}`

/** Up to three features before this one in its block. */
function usesOf(feature: number): readonly number[] {
  const draws = new Draws(feature)
  const first = feature - (feature % perBlock)
  const before = feature - first
  if (before === 0) return []
  return [...new Set(range(draws.between(1, 3)).map(() => first + draws.below(before)))]
}

type Add = (file: string, code: string) => void

/** What every feature may use: some helpers behind a barrel, an instance of the cache, a set-up with side effects. */
function addShared(add: Add): readonly Callable[] {
  const callables: Callable[] = []
  for (let index = 0; index < shared; index++) {
    const draws = new Draws(1_000_000_000 + index)
    const below = index % 8 === 0 ? [] : [`callable${index - 1}`]
    const made = declarations(draws, draws.between(50, 300), below)
    const imports = below.map((name) => `import { ${name} } from './s${pad(index - 1)}'\n`).join('')
    const own = callablesOf(made).at(-1) ?? 'Math.abs'
    add(
      `src/shared/s${pad(index)}.ts`,
      `${imports}\n${codeOf(made)}\nexport const callable${index} = (value: number): number => ${own}(value)\n`,
    )
    callables.push(`callable${index}`)
  }
  add(
    'src/shared/index.ts',
    `${callables.map((name, index) => `export { ${name} } from './s${pad(index)}'`).join('\n')}\n`,
  )
  add(
    'src/shared/prepare.ts',
    `import { createAutocache } from '@autocache/core'

export const { cached } = createAutocache({ namespace: 'shop' })

export const prepared = new Map<string, number>()
prepared.set('started', 1)
`,
  )
  return callables
}

interface Foreign {
  readonly feature: number
  readonly callables: readonly Callable[]
}

/** Adds the modules of a feature, and says what others may call of it. */
function addFeature(
  feature: number,
  queries: number,
  foreign: readonly Foreign[],
  sharedCallables: readonly Callable[],
  add: Add,
): Callable[] {
  const draws = new Draws(10_000_000 + feature)
  const folder = folderOf(feature)
  const tag = `F${feature}`
  const modules = new Map<string, Callable[]>()
  /** A module of drawn code over some imports. */
  const fill = (name: string, extension: string, head: string, imported: readonly Callable[], tail = '') => {
    // Mostly short, seldom long: between 50 and 300 lines.
    const lines = 50 + Math.floor(210 * (draws.below(1000) / 1000) ** 2)
    const made = declarations(draws, lines, imported)
    add(`${folder}/${name}${extension}`, `${head}\n${codeOf(made)}${tail}`)
    modules.set(name, callablesOf(made))
  }
  /** Imports some of what a module of this feature has, under names of its own. */
  const take = (from: string, some: number): { readonly head: string; readonly names: Callable[] } => {
    const known = modules.get(from)!.slice(0, some)
    const names = known.map((name) => `${name}Of${from[0]!.toUpperCase()}${from.slice(1)}`)
    return {
      head: `import { ${known.map((name, index) => `${name} as ${names[index]}`).join(', ')} } from './${from}'\n`,
      names,
    }
  }
  const sharedNames = [draws.of(sharedCallables), draws.of(sharedCallables)].filter(
    (name, at, all) => all.indexOf(name) === at,
  )
  const sharedHead = `import { ${sharedNames.join(', ')} } from '${feature % 5 === 0 ? '@/shared' : '../../shared'}'\n`
  const foreignNames: Callable[] = []
  let foreignHead = ''
  for (const { feature: other, callables } of foreign) {
    const names = callables.slice(0, draws.between(1, 3))
    foreignNames.push(...names.map((name) => `${name}From${other}`))
    const list = names.map((name) => `${name} as ${name}From${other}`).join(', ')
    foreignHead += `import { ${list} } from '${feature % 4 === 0 ? `@/features/f${pad(other)}` : `../f${pad(other)}/index`}'\n`
  }

  fill('constants', '.ts', '', [])
  fill('text', '.ts', sharedHead, sharedNames)
  const text = take('text', 3)
  fill('part1', '.ts', text.head, text.names)
  fill('part2', '.ts', foreignHead + sharedHead, [...foreignNames, ...sharedNames])
  const part1 = take('part1', 2)
  const part2 = take('part2', 2)
  fill('part3', '.ts', part1.head + part2.head, [...part1.names, ...part2.names])
  const part3 = take('part3', 3)
  // These two import each other.
  fill(
    'left',
    '.ts',
    `import { right${tag} } from './right'\n${text.head}`,
    [`right${tag}`, ...text.names],
    `\nexport function left${tag}(value: number): number {\n  return value > 1 ? right${tag}(value - 1) : value\n}\n`,
  )
  fill(
    'right',
    '.ts',
    `import { left${tag} } from './left'\n${part1.head}`,
    part1.names,
    `\nexport function right${tag}(value: number): number {\n  return left${tag}(value - 2)\n}\n`,
  )
  fill(
    'model',
    '.ts',
    part2.head,
    part2.names,
    `\nexport class Model${tag} {\n  readonly #scale: number\n  constructor(scale: number) {\n    this.#scale = scale\n  }\n  score(value: number): number {\n    return value * this.#scale\n  }\n}\n`,
  )
  fill(
    'client',
    '.ts',
    `import { request } from '${packageOf(feature)}'\n`,
    [],
    `\nexport const ask${tag} = (value: number): number => request({ value, feature: ${feature} })\n`,
  )
  fill(
    'errors',
    '.ts',
    '',
    [],
    `\nexport class Failure${tag} extends Error {\n  override readonly name = 'Failure${tag}'\n}\n`,
  )
  fill('part4', '.ts', part3.head, part3.names)
  const part4 = take('part4', 2)
  fill('part5', '.ts', part4.head + text.head, [...part4.names, ...text.names])
  fill('part6', '.ts', foreignHead, foreignNames)
  const reached = [modules.get('part5')!.at(-1)!, modules.get('part3')!.at(-1)!]
  add(`${folder}/rules.ts`, rulesOf(feature, tag, reached[0]!, reached[1]!))
  add(
    `${folder}/legacy.js`,
    `export function legacy${tag}(value) {\n  var total = 0\n  for (var index = 0; index < value; index++) total += index\n  return total\n}\n${'\nexport const unused = [1, 2, 3].map((each) => each * 2)\n'}`,
  )
  add(`${folder}/view.tsx`, viewOf(tag))
  add(`${folder}/service.ts`, serviceOf(tag))
  add(`${folder}/types.ts`, `export interface Input${tag} {\n  readonly value: number\n  readonly label?: string\n}\n`)
  add(`${folder}/queries.ts`, queriesOf(feature, tag, queries))
  add(
    `${folder}/index.ts`,
    `export * from './rules'
export * from './queries'
export * as constants from './constants'
export { ask${tag} } from './client'
export { Model${tag} } from './model'
export type * from './types'
export { ${modules.get('part5')!.slice(0, 4).join(', ')} } from './part5'
export { start${feature} } from './service'
`,
  )
  return modules.get('part5')!.slice(0, 4)
}

const rulesOf = (feature: number, tag: string, late: Callable, early: Callable) => `import { ask${tag} } from './client'
import { left${tag} } from './left'
import { ${early} as early } from './part3'
import { ${late} as late } from './part5'

/** Rules of ${feature}. */
export function pinned${tag}(value: number): number {
  const rate${feature} = 3
  if (value > rate${feature}) {
    const limit = ${700_000 + feature}
    return ask${tag}(limit - value)
  }
  let result = left${tag}(late(value)) - early(value)
  result += ${600_000 + feature}
  return result
}

export function spare${tag}(value: number): number {
  return value + ${500_000 + feature}
}
`

const queriesOf = (
  feature: number,
  tag: string,
  count: number,
) => `import { cached } from ${feature % 2 === 0 ? `'@autocache/core'` : `'../../shared/prepare'`}
import { ask${tag}, Model${tag}, pinned${tag} } from '.'
import { legacy${tag} } from './legacy.js'
import settings from './settings.json'
import type { Input${tag} } from './types'

const model = new Model${tag}(${feature % 17})
${range(count)
  .map(
    (index) => `
export const ${labelOf(feature, index)} = cached(async ({ value, label = 'none' }: Input${tag}): Promise<number> => {
  const limited = Math.min(value, settings.limits.most)
  const score = model.score(pinned${tag}(limited)) + legacy${tag}(${index})
  return label === 'none' ? score : score + ask${tag}(label.length)
})
`,
  )
  .join('')}
export const uncached${tag} = (value: number): number => pinned${tag}(value) + ${feature}
`

const serviceOf = (tag: string) => `import { constants, pinned${tag} } from './index'
import { Failure${tag} } from './errors'
import { View${tag} } from './view'

export abstract class Service${tag} {
  protected readonly started = new Date(0)
  abstract find(id: string): Promise<number | undefined>

  async must(id: string): Promise<number> {
    const found = await this.find(id)
    if (found === undefined) throw new Failure${tag}(\`There is no \${id}.\`)
    return pinned${tag}(found)
  }
}

export const start${tag.slice(1)} = () => ({ view: View${tag}, constants: Object.keys(constants) })
`

const viewOf = (tag: string) => `import type { Input${tag} } from './types'

export function View${tag}({ value, label }: Input${tag}) {
  return (
    <section className="view">
      <h2>{label ?? 'Nothing'}</h2>
      {value > 3 ? <p data-value={value}>It is {value.toFixed(2)} of them.</p> : <em>Few.</em>}
      <ul>
        {[1, 2, 3].map((each) => (
          <li key={each}>{each * value}</li>
        ))}
      </ul>
    </section>
  )
}
`

const settingsOf = (feature: number) =>
  `${JSON.stringify({ limits: { least: 1, most: 1000 + feature }, note: `note ${feature}`, list: range(20) }, null, 2)}\n`

/** What stands at the root: settings, the lockfile, and the packages as they are installed. */
function addSettings(files: Map<string, string>): void {
  const installed = [...packages, '@autocache/core', 'react']
  const dependencies = Object.fromEntries(installed.map((name) => [name, '1.0.0']))
  const entries = installed.map((name) => [
    `node_modules/${name}`,
    {
      version: '1.0.0',
      resolved: `https://registry.npmjs.org/${name}/-/${name.split('/').at(-1)}-1.0.0.tgz`,
      integrity: `sha512-${name}-1`,
    },
  ])
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  const about = { name: 'shop', version: '1.0.0' }
  files.set('package.json', json({ ...about, private: true, type: 'module', dependencies }))
  const lock = { '': { ...about, dependencies }, ...Object.fromEntries(entries) }
  files.set('package-lock.json', json({ ...about, lockfileVersion: 3, requires: true, packages: lock }))
  files.set(
    'tsconfig.json',
    json({
      compilerOptions: {
        target: 'ES2022',
        module: 'ESNext',
        moduleResolution: 'Bundler',
        jsx: 'react-jsx',
        strict: true,
        resolveJsonModule: true,
        paths: { '@/*': ['./src/*'] },
      },
      include: ['src'],
    }),
  )
  for (const name of installed) {
    files.set(
      `node_modules/${name}/package.json`,
      json({ name, version: '1.0.0', type: 'module', exports: { '.': './index.js', './jsx-runtime': './index.js' } }),
    )
    files.set(`node_modules/${name}/index.js`, 'export const request = ({ value }) => value\n')
  }
}

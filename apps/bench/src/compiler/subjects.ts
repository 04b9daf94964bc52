/** The projects that are measured: the generated one, and the sources of libraries as npm has them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Analysis } from '@autocache/compiler'
import { type Edit, keyOf, type Versions } from './edit.ts'
import { generateProject, knownEdits, type ProjectSize, warmEdit } from './project.ts'

export interface Subject {
  readonly id: string
  readonly title: string
  /** Contents by path from the root. */
  readonly files: ReadonlyMap<string, string>
  /** The source files among them. */
  readonly modules: readonly string[]
  readonly edits: readonly Edit[]
  /** One edit of one file, another for each turn. */
  warm(turn: number): Edit
  /** The versions of all its functions. */
  versions(analysis: Analysis): Versions
}

export const subjectIds = ['generated', 'rxjs'] as const
export type SubjectId = (typeof subjectIds)[number]

export function subjectOf(id: SubjectId, size: ProjectSize): Subject {
  return id === 'generated' ? generated(size) : library('rxjs', rxjsEdits, rxjsWarm)
}

function generated(size: ProjectSize): Subject {
  const project = generateProject(size)
  const count = (number: number) => number.toLocaleString('en')
  return {
    id: 'generated',
    title: `Generated, ${count(size.modules)} modules and ${count(size.cached)} cached functions`,
    files: project.files,
    modules: project.modules,
    edits: knownEdits(project),
    warm: (turn) => warmEdit(project, turn),
    versions: ({ functions }) => new Map(functions.map(({ file, label, version }) => [keyOf(file, label), version])),
  }
}

const require = createRequire(import.meta.url)
const folderOf = (name: string) => dirname(require.resolve(`${name}/package.json`))

/** The release of a library that is measured. */
export const releaseOf = (name: string): string =>
  (JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as { version: string }).version

/** A library's own sources, without its tests, as if they were a project. */
function library(name: string, edits: readonly Edit[], warm: (turn: number) => Edit): Subject {
  const folder = folderOf(name)
  const modules = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => join('src', file).replaceAll('\\', '/'))
    .filter((file) => /(?<!\.d)\.ts$/.test(file) && !/\/tests?\/|\.test\.ts$/.test(file))
    .sort()
  const files = new Map(modules.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
  const compilerOptions = { target: 'ES2022', module: 'NodeNext', moduleResolution: 'NodeNext' }
  files.set('tsconfig.json', JSON.stringify({ compilerOptions }))
  files.set('package.json', JSON.stringify({ name: `${name}-sources`, version: '1.0.0', type: 'module' }))
  return {
    id: name,
    title: `Sources of ${name} ${releaseOf(name)}, all exports of all modules`,
    files,
    modules,
    edits,
    warm,
    versions: (analysis) =>
      new Map(
        modules.flatMap((file) =>
          analysis.exportsOf(file).map((each) => [keyOf(file, each), analysis.versionOf(file, each).version] as const),
        ),
      ),
  }
}

const operators = 'src/internal/operators'
const rxjsWarm = (turn: number): Edit => ({
  title: 'an argument',
  file: `${operators}/map.ts`,
  from: 'project.call(thisArg, value, index++)',
  to: `project.call(thisArg, value, index++, ${turn})`,
  changes: [`${operators}/map.ts#map`, `${operators}/mapTo.ts#mapTo`],
  keeps: [`${operators}/max.ts#max`, 'src/internal/util/identity.ts#identity'],
})
const rxjsEdits: readonly Edit[] = [
  rxjsWarm(0),
  {
    title: 'the name of a parameter',
    file: 'src/internal/util/identity.ts',
    from: 'x: T): T {\n  return x;',
    to: 'same: T): T {\n  return same;',
    changes: [],
    keeps: 'others',
  },
]

export function writeSubject({ files }: Subject, root: string): void {
  for (const [file, text] of files) {
    const path = join(root, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

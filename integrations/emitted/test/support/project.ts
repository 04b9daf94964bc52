/** Copies of a project outside of the workspace, with what it imports installed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const home = join(import.meta.dirname, '../..')
const repository = join(home, '../..')
const ours = ['core', 'keyv', 'compiler', 'unplugin', 'cli']

function link(target: string, at: string): void {
  if (existsSync(at)) return
  mkdirSync(dirname(at), { recursive: true })
  symlinkSync(realpathSync(target), at)
}

const dependenciesOf = (folder: string, field = 'dependencies'): string[] =>
  Object.keys(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))[field] ?? {})

/** What a package manager would put there, without one. */
function install(root: string): void {
  const modules = join(root, 'node_modules')
  for (const name of ours) {
    const folder = join(repository, 'packages', name)
    const place = join(modules, '@autocache', name)
    mkdirSync(place, { recursive: true })
    cpSync(join(folder, 'dist'), join(place, 'dist'), { recursive: true })
    cpSync(join(folder, 'package.json'), join(place, 'package.json'))
    for (const dependency of dependenciesOf(folder)) {
      if (!dependency.startsWith('@autocache/'))
        link(join(folder, 'node_modules', dependency), join(place, 'node_modules', dependency))
    }
  }
  for (const name of dependenciesOf(home, 'devDependencies')) {
    if (!name.startsWith('@autocache/') && name !== 'servers')
      link(join(home, 'node_modules', name), join(modules, name))
  }
}

export class Project {
  readonly root: string

  /** @param source the folder beside `test` that is copied */
  constructor(source: string) {
    const root = join(mkdtempSync(join(tmpdir(), 'autocache emitted ')), 'app')
    cpSync(join(home, source), root, { recursive: true })
    install(root)
    this.root = realpathSync(root)
  }

  path(file: string): string {
    return join(this.root, file)
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  replace(file: string, from: string, to: string): void {
    const text = this.read(file)
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    this.write(file, text.replace(from, to))
  }

  remove(): void {
    rmSync(dirname(this.root), { recursive: true, force: true })
  }
}

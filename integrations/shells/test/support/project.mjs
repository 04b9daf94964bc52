/** Copies of the project outside of the workspace, with everything in node_modules that a user would have installed. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const home = join(import.meta.dirname, '../..')
const repository = join(home, '../..')

/** Hosts and what their configurations import; none of it is part of the program. */
const hosts = Object.keys(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).devDependencies).filter(
  (name) => !name.startsWith('@autocache/') && name !== 'servers',
)

const ours = ['core', 'keyv', 'compiler', 'unplugin', 'cli']

/** @param {string} target @param {string} at */
function link(target, at) {
  if (existsSync(at)) return
  mkdirSync(dirname(at), { recursive: true })
  symlinkSync(realpathSync(target), at)
}

/**
 * What a package manager would put there, without one.
 * @param {string} root
 */
function install(root) {
  const modules = join(root, 'node_modules')
  for (const name of ours) {
    const folder = join(repository, 'packages', name)
    const place = join(modules, '@autocache', name)
    mkdirSync(place, { recursive: true })
    cpSync(join(folder, 'dist'), join(place, 'dist'), { recursive: true })
    cpSync(join(folder, 'package.json'), join(place, 'package.json'))
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies)) {
      if (dependency.startsWith('@autocache/')) continue
      link(join(folder, 'node_modules', dependency), join(place, 'node_modules', dependency))
    }
  }
  for (const name of hosts) link(join(home, 'node_modules', name), join(modules, name))
  cpSync(join(root, 'installed'), modules, { recursive: true })
  rmSync(join(root, 'installed'), { recursive: true })
  link(join(root, 'packages/tax'), join(modules, '@shop/tax'))
}

/**
 * A fresh copy of the project.
 * @param {string} name in the name of its folder
 */
export function copyProject(name) {
  const root = join(mkdtempSync(join(tmpdir(), `autocache shells ${name} `)), 'shop')
  cpSync(join(home, 'project'), root, { recursive: true })
  install(root)
  return realpathSync(root)
}

/** @param {string} root */
export const removeProject = (root) => rmSync(dirname(root), { recursive: true, force: true })

// Packs every package as `pnpm publish` would: the tarballs that check and the consumers in integrations look at.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @param {string} destination a folder
 * @returns {{ name: string, folder: string, tarball: string }[]}
 */
export function packAll(destination) {
  return readdirSync(join(root, 'packages')).map((directory) => {
    const folder = join(root, 'packages', directory)
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const tarball = join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
    execFileSync('pnpm', ['pack', '--pack-destination', destination], { cwd: folder, stdio: 'pipe' })
    return { name, folder, tarball }
  })
}

// `npm run pack`: the tarballs, for a project of your own.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const destination = join(root, '.cache', 'tarballs')
  mkdirSync(destination, { recursive: true })
  for (const { tarball } of packAll(destination)) console.log(tarball)
  console.log('\nIn your project: npm install, with the paths of those you need (core always).')
}

/**
 * Code that a package's generator writes beside it, in a folder no package can be named like: `.prisma` for
 * `@prisma/client` or `prisma`. The lockfile fixes the generator, and not what it wrote (R23).
 */
import { member, text } from './lock-syntax.ts'
import type { PackageFiles } from './lockfiles.ts'
import { type InstalledPackage, installedAt } from './package-content.ts'

/**
 * @param real the package's folder behind symbolic links.
 * @param names the package and all it depends on.
 */
export function generatedBeside(
  installed: InstalledPackage,
  real: string,
  names: ReadonlySet<string>,
  files: PackageFiles,
  content: (generated: InstalledPackage) => string,
): readonly string[] {
  const found = new Set<string>()
  for (const folder of [installed.folder, real]) {
    const modules = folder.slice(0, -installed.name.length - 1)
    if (!modules.endsWith('/node_modules')) continue
    for (const name of files.list(modules) ?? []) {
      if (!/^\.\w/.test(name)) continue
      const owner = name.slice(1)
      if (![...names].some((used) => used === owner || used.startsWith(`@${owner}/`))) continue
      for (const part of files.list(`${modules}/${name}`) ?? []) {
        // What has no name is a cache, as of Vite.
        const generated = installedAt(`${modules}/${name}/${part}`, `${name}/${part}`, files)
        if (generated !== undefined && text(member(generated.json, 'name')) !== '') found.add(content(generated))
      }
    }
  }
  return [...found].sort()
}

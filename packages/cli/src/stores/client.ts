import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UserError } from '../errors.ts'

/**
 * Loads a client library of the user's: from the project, or from the Keyv adapter in it, which brings its own.
 * @throws UserError where there is none
 */
export async function loadClient(root: string, names: readonly string[], adapter: string, what: string): Promise<any> {
  const project = createRequire(join(root, 'package.json'))
  const ours = createRequire(import.meta.url)
  const froms = [project, requireOf(project, adapter), ours]
  for (const from of froms) {
    for (const name of names) {
      const file = from && resolveFrom(from, name)
      if (file === undefined) continue
      try {
        const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: unknown }
        return module.default !== undefined && typeof module.default === 'object'
          ? { ...module, ...(module.default as object) }
          : module
      } catch (error) {
        throw new UserError(
          `The library ${name}, with which ${what} is opened, is installed but does not load (${(error as Error).message?.split('\n')[0]}). Install it again.`,
          { cause: error },
        )
      }
    }
  }
  throw new UserError(
    `To open ${what}, a client library is needed in the project: \`npm install --save-dev ${names[0]}\`. ` +
      `(${adapter} brings it along; neither was found from ${root}.)`,
  )
}

type Require = ReturnType<typeof createRequire>

function requireOf(from: Require, name: string): Require | undefined {
  const file = resolveFrom(from, name)
  return file === undefined ? undefined : createRequire(file)
}

function resolveFrom(from: Require, name: string): string | undefined {
  try {
    return from.resolve(name)
  } catch {
    return undefined
  }
}

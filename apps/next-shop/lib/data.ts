import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A file of `vega-datasets`. */
export async function read<T>(file: string): Promise<T> {
  const entry = createRequire(join(process.cwd(), 'package.json')).resolve('vega-datasets')
  return JSON.parse(await readFile(join(dirname(entry), '..', 'data', file), 'utf8')) as T
}

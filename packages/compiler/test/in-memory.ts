import { isAbsolute } from 'node:path'
import { type Analysis, type AnalyzeOptions, analyze } from '../src/analyze.ts'
import { isSource } from '../src/resolve.ts'
import { memoryRoot, readFrom } from './memory-files.ts'

/**
 * Analyses a project that exists in the test only. The program starts from all its sources; `package.json`,
 * `tsconfig.json`, lockfiles, `node_modules/...` and files above the root (`../lib/a.ts`) are read where they stand.
 */
export function inMemory(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<Omit<AnalyzeOptions, 'read'>> = {},
): Analysis {
  const sources = Object.keys(files).filter(
    (file) => isSource(file) && !file.includes('node_modules/') && !file.startsWith('../') && !isAbsolute(file),
  )
  return analyze({ root: memoryRoot, files: sources, read: readFrom(files), cache: false, ...options })
}

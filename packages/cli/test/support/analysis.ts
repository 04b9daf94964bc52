import type { Analysis, Manifest, VersionedFunction } from '@autocache/compiler'
import type { Compiler } from '../../src/program.ts'

type Definition = VersionedFunction['definitions'][number]

/** A definition as an analysis lists it. */
export function definition(name: string, digest: string, more: Partial<Definition> = {}): Definition {
  return {
    name,
    kind: 'function',
    file: 'src/app.ts',
    line: 1,
    start: 0,
    end: 0,
    digest,
    parent: 0,
    via: 'reference',
    ...more,
  }
}

/** A cached function; the first of its definitions is the function itself. */
export function cachedFunction(label: string, more: Partial<VersionedFunction> = {}): VersionedFunction {
  return {
    label,
    file: 'src/app.ts',
    line: 1,
    column: 1,
    version: `s1-${label
      .toLowerCase()
      .replace(/[^a-z]/g, '')
      .padEnd(26, 'a')
      .slice(0, 26)}`,
    form: 'call',
    definitions: [definition(label, 'd0', { parent: -1 })],
    packages: [],
    env: [],
    captures: [],
    receiver: { fields: [], calls: [] },
    diagnostics: [],
    ...more,
  }
}

export function analysis(
  root: string,
  functions: readonly VersionedFunction[],
  more: Partial<Analysis> = {},
): Analysis {
  return {
    root,
    functions,
    diagnostics: functions.flatMap((one) => one.diagnostics),
    versionOf(file, name) {
      const found = functions.find((one) => one.file === file && one.export === name)
      if (found) return found
      throw Object.assign(new Error(`${file} has no export ${name}.`), {
        name: 'CompilerError',
        code: 'UNKNOWN_EXPORT',
      })
    },
    exportsOf: (file) => functions.flatMap((one) => (one.file === file && one.export ? [one.export] : [])),
    manifest: () => manifest(functions),
    ...more,
  } as Analysis
}

export function manifest(functions: readonly VersionedFunction[], more: Partial<Manifest> = {}): Manifest {
  const definitions: Manifest['definitions'][number][] = []
  return {
    format: 1,
    scheme: 's1',
    compiler: 1,
    inputs: '',
    definitions,
    functions: functions.map((one) => ({
      ...one,
      definitions: one.definitions.map(({ parent, via, ...rest }) => {
        definitions.push(rest)
        return [definitions.length - 1, parent, via] as const
      }),
    })),
    ...more,
  }
}

/** A compiler that answers with what it is given. */
export function compilerOf(answer: (root: string) => Analysis): Compiler {
  return {
    compilerContract: 1,
    analyze: ({ root }) => answer(root),
    readManifest: (text) => JSON.parse(text) as Manifest,
    writeManifest: (written) => JSON.stringify(written),
    planFolder: () => ({ files: [], stale: [], unmapped: [] }),
  }
}

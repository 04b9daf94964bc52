/** The shapes of `--json`, which are documented in the README and change only with a major release. */
import type { Cause, Cold, Warm } from './compare.ts'
import type { FunctionState } from './state.ts'

/** What a function is and reaches. */
export function functionShape(one: FunctionState) {
  return {
    label: one.label,
    file: one.file,
    line: one.line,
    column: one.column,
    ...(one.export === undefined ? {} : { export: one.export }),
    form: one.form,
    version: one.version,
    definitions: one.definitions.map(({ name, kind, file, line, digest, parent, via }) => ({
      name,
      kind,
      file,
      line,
      digest,
      parent,
      via,
    })),
    packages: one.packages.map(({ name, version, identity, path }) => ({
      name,
      ...(version === undefined ? {} : { version }),
      identity,
      parent: path,
    })),
    env: one.env.map(({ name, expression, module }) => ({ name, expression, module })),
    captures: one.captures.map(({ name, paths }) => ({ name, paths })),
    receiver: { fields: one.receiver.fields, calls: one.receiver.calls.map(({ path }) => path) },
    diagnostics: one.diagnostics,
  }
}

/** A function by what identifies it. */
export const briefShape = ({ label, file, line, version }: FunctionState) => ({ label, file, line, version })

/** A cause, with the source diff of its definition where there is one. */
export const causeShape = (cause: Cause, diff?: string) => (diff === undefined ? cause : { ...cause, diff })

export function coldShape(cold: Cold) {
  const { before, after } = cold
  const one = (after ?? before)!
  return {
    change: cold.change,
    label: one.label,
    file: one.file,
    line: one.line,
    ...(before ? { from: before.version } : {}),
    ...(after ? { to: after.version } : {}),
    ...(cold.stored === undefined ? {} : { stored: cold.stored }),
    causes: cold.causes.map((cause) => causeShape(cause)),
    diagnostics: after?.diagnostics ?? [],
  }
}

export const warmShape = ({ after, files }: Warm) => ({ ...briefShape(after), touched: files })

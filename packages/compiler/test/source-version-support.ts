import { type AnyFunction, UnversionedFunctionError } from '@autocache/core'
import { sourceVersion } from '../src/runtime.ts'

/** A function made of text as a tool or a person left it, in a place that has these names. */
export function fromText(text: string, around: Readonly<Record<string, unknown>> = {}): AnyFunction {
  const names = Object.keys(around).filter((name) => /^[\w$]+$/.test(name))
  return new Function(...names, `return (${text}\n)`)(...names.map((name) => around[name])) as AnyFunction
}

/** The version of a text, with what it refers to. */
export function versionOf(text: string, deps?: Readonly<Record<string, unknown>>): string {
  const fn = fromText(text)
  return deps ? sourceVersion.with({ deps })(fn) : sourceVersion(fn)
}

/** The error with which a function is refused. */
export function refusal(fn: AnyFunction, deps: Readonly<Record<string, unknown>> = {}): UnversionedFunctionError {
  try {
    sourceVersion.with({ deps })(fn)
  } catch (error) {
    if (error instanceof UnversionedFunctionError) return error
    throw error
  }
  throw new Error('was not refused')
}

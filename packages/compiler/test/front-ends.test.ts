import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ModuleSummary } from '../src/model.ts'
import { summarise } from '../src/summary.ts'
import { parseWithAcorn } from './acorn.ts'
import shared from './cases/shared-edits.json' with { type: 'json' }

/** Both summaries of a text; nothing where it is no JavaScript. */
function bothSummaries(text: string, extension: string): readonly [ModuleSummary, ModuleSummary] | undefined {
  let acorn: ModuleSummary
  try {
    acorn = summarise({ text, extension, parse: parseWithAcorn })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
  return [summarise({ text, extension }), acorn]
}

/** Syntax for which the text had to stand. */
const unknown = ({ definitions }: ModuleSummary) =>
  definitions.flatMap(({ findings }) =>
    findings.filter(({ code }) => code === 'unknown-syntax').map(({ what }) => what),
  )

describe('acorn and oxc-parser give one summary', () => {
  const sources = (shared as readonly { id: string; before: object; after: object }[]).flatMap(
    ({ id, before, after }) =>
      Object.entries({ before, after }).flatMap(([side, files]) =>
        Object.entries(files as Record<string, string>)
          .filter(([file]) => /\.[cm]?[jt]sx?$/.test(file))
          .map(([file, text]) => [`${id} ${side} ${file}`, text, extname(file)] as const),
      ),
  )
  const written = sources.flatMap(([name, text, extension]) => {
    // What TypeScript would call `.tsx` is JavaScript where acorn can read it.
    const both = bothSummaries(text, extension.replace('ts', 'js'))
    return both ? [[name, ...both] as const] : []
  })

  test('of all labelled edits but those in TypeScript', () => {
    expect(written.length).toBeGreaterThan(sources.length * 0.7)
  })

  test.each(written)('of %s', (_, oxc, acorn) => {
    expect(acorn).toEqual(oxc)
  })

  test.each([
    [
      'private names, static blocks and accessors',
      'export class A { static #n = 1; #m() { return #m in this } get x() { return this.#m() } static { this.y = A.#n } ["z"] = 1 }',
    ],
    [
      'decimal, octal, binary, separated and big numbers',
      'export const f = () => [1_000, 0x1f, 0o17, 0b11, 1e3, .5, 10n, 0x1Fn, 1_0n]',
    ],
    ['optional chains, with parentheses', 'export const f = (a) => [a?.b.c, (a?.b).c, a?.[0]?.(1), (a?.b)()]'],
    [
      'patterns with defaults and rests',
      'export const f = ({ a = 1, b: { c, ...d } = {}, ["e"]: [g = 2, , ...h] } = {}, ...rest) => [a, c, d, g, h, rest]',
    ],
    [
      'templates, tagged and with invalid escapes',
      'export const f = (t, a) => [`x${a}\\n`, t`\\unicode ${a}`, String.raw`a\\b`]',
    ],
    ['regular expressions', 'export const f = (s) => /a\\/[b/]+(?<n>.)/giu.exec(s) ?? /x/v'],
    ['directives', 'export function f() { "use strict"; "use server"; return "use client" }'],
    [
      'generators, async iteration and labels',
      'export async function* f(xs) { outer: for await (const x of xs) { for (;;) { if (x) continue outer; break outer } } yield* xs; return await xs }',
    ],
    [
      'modules by every name there is',
      'import a, * as b from "./a"; import { c as d, "x y" as e, default as g } from "./b"; export * from "./c"; export * as h from "./d"; export { d as i, e as "p q" }; export default [a, b, g]; import "./e"; import j from "./f.json" with { type: "json" }; export { j }',
    ],
    [
      'dynamic imports and meta properties',
      'export const f = async () => [await import("./a"), import("./b", { with: { type: "json" } }), import.meta.url, new.target]'.replace(
        ', new.target',
        '',
      ),
    ],
    [
      'logical assignments, exponents and nullish values',
      'export function f(a, b) { a ??= b; a ||= b; a &&= b; a **= 2; return a ?? (b || a) }',
    ],
    [
      'JSX',
      'import * as React from "react"; export const F = ({ a, ...p }) => <><A.B x="1 &amp; 2" y={a} {...p} z>  text &nbsp; {/* c */}{a}\n  more\n</A.B><a:b /></>',
    ],
    ['using', 'export async function f(r) { using a = r(); await using b = r(); for (using c of r()) c.x() }'],
    [
      'sloppy code',
      'function f(a) { with (a) { return b } } var g = 010; exports.f = f; delete g; exports.g = function arguments_() { return arguments.callee }',
    ],
    [
      'getters, setters, methods and `__proto__`',
      'export const o = { get a() { return 1 }, set a(v) {}, async *b() {}, __proto__: null, ["__proto__"]: 1, c, async: 1, get: 2 }; const c = 3',
    ],
    [
      'classes that extend and decorate nothing',
      'export default class extends (class {}) { static async *a() {} static = 1; get; set; async; constructor() { super(); super.x = () => this } }',
    ],
    [
      'an empty catch, switches and sequences',
      'export const f = (a) => { try { a() } catch { a = (1, 2) } finally { switch (a) { case 1: default: break } } }',
    ],
    ['deeply nested sums', `export const f = (a) => ${Array.from({ length: 800 }, (_, at) => `a${at}`).join(' + ')}`],
  ])('of %s', (_, text) => {
    const both = bothSummaries(text, '.js')
    expect(both).toBeDefined()
    expect(both![1]).toEqual(both![0])
    expect(unknown(both![0])).toEqual(text.includes('with (') ? ['WithStatement'] : [])
  })
})

describe('acorn and oxc-parser give one summary of code as it is published', () => {
  const require = createRequire(import.meta.url)
  const folderOf = (name: string) => {
    const entry = require.resolve(name)
    return join(entry.slice(0, entry.lastIndexOf(`${sep}node_modules${sep}`)), 'node_modules', ...name.split('/'))
  }
  const packages = [
    'es-toolkit',
    'date-fns',
    'rxjs',
    'zod',
    'immer',
    'acorn',
    'acorn-jsx',
    'yaml',
    '@typescript-eslint/scope-manager',
    'esbuild',
  ]

  test.each(packages)('%s', { timeout: 120_000 }, (name) => {
    const folder = realpathSync(folderOf(name))
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[cm]?js$/.test(file) && !file.includes(`node_modules${sep}`))
      .sort()
    // Every so manieth file, from all over the package.
    const step = Math.max(1, Math.ceil(files.length / 60))
    const taken = files.filter((_, index) => index % step === 0)
    let compared = 0
    for (const file of taken) {
      const text = readFileSync(join(folder, file), 'utf8')
      if (text.length > 300_000) continue
      const both = bothSummaries(text, extname(file))
      expect(both, `${name}/${file}`).toBeDefined()
      expect(both![1], `${name}/${file}`).toEqual(both![0])
      expect(unknown(both![0]), `${name}/${file}`).toEqual([])
      compared += both![0].definitions.length
    }
    expect(compared).toBeGreaterThan(0)
  })
})

test('oxc-parser is not needed to load the runtime entry', () => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { specifier, kind } of summarise({ text: readFileSync(file, 'utf8'), extension: '.ts' }).requests) {
      if (kind === 'type') continue
      if (specifier.startsWith('.')) visit(join(dirname(file), specifier))
      else seen.add(specifier)
    }
  }
  visit(join(import.meta.dirname, '../src/runtime.ts'))
  const packages = [...seen].filter((name) => !name.startsWith(join(import.meta.dirname, '..')))
  expect(packages.sort()).toEqual([
    '@autocache/core',
    '@autocache/core/plumbing',
    '@typescript-eslint/scope-manager',
    'acorn',
    'acorn-jsx/xhtml.js',
  ])
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyFunction, type AutocacheOptions, createAutocache } from '@autocache/core'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { buildSync, transformSync } from 'esbuild'
// @ts-expect-error it has no types
import { createInstrumenter as createIstanbul } from 'istanbul-lib-instrument'
import { minify } from 'terser'
import ts from 'typescript'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sourceVersion } from '../src/runtime.ts'
import { fromText, refusal } from './source-version-support.ts'

const author = `
export async function quote(sku, options = {}) {
  const { rate = 1.2, ...rest } = options
  const round = (value) => Math.round(value * 100) / 100
  return { sku, price: round(sku.length * rate), ...rest }
}
`

/** The function `quote` of a CommonJS module as a tool left it. Nothing else touches its text. */
function quoteOf(code: string): AnyFunction {
  const module = { exports: {} as { quote?: AnyFunction } }
  new Function('exports', 'require', 'module', code)(
    module.exports,
    () => ({ rate: 2, round: (n: number) => n }),
    module,
  )
  return module.exports.quote!
}

/** The same of an ES module. */
async function exportedQuote(code: string): Promise<AnyFunction> {
  const { quote } = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as {
    quote: AnyFunction
  }
  return quote
}

const original = await exportedQuote(author)
const text = (fn: AnyFunction) => Function.prototype.toString.call(fn)

describe('what a tool leaves of the text is the version of the author', () => {
  test('by esbuild, with TypeScript taken away', async () => {
    const typed = author
      .replace('(sku, options = {})', '(sku: string, options: { rate?: number } = {}): Promise<object>')
      .replace('(value)', '(value: number)')
    const fn = await exportedQuote(transformSync(typed, { loader: 'ts', target: 'es2022' }).code)
    expect(sourceVersion(fn)).toBe(sourceVersion(original))
  })

  test('by esbuild, with `keepNames`: `__name` is taken away', async () => {
    const { code } = transformSync(author, { loader: 'ts', target: 'es2022', keepNames: true })
    const fn = await exportedQuote(code)
    expect(text(fn)).toContain('__name(')
    expect(sourceVersion(fn)).toBe(sourceVersion(original))
  })

  test('by esbuild, with `keepNames`, of functions and classes declared inside', async () => {
    const inner =
      'export function quote(a) {\n  function add(b) { return a + b }\n  class Sum { static from(c) { return add(c) } }\n  return Sum.from(1)\n}\n'
    const { code } = transformSync(inner, { loader: 'ts', target: 'es2022', keepNames: true })
    const fn = await exportedQuote(code)
    expect(text(fn).match(/__name\(/g)!.length).toBeGreaterThanOrEqual(2)
    expect(sourceVersion(fn)).toBe(sourceVersion(await exportedQuote(inner)))
  })

  test('by the loader of tsx: without spaces and with names kept', async () => {
    const { code } = transformSync(author, { loader: 'ts', target: 'es2022', keepNames: true, minifyWhitespace: true })
    const fn = await exportedQuote(code)
    expect(text(fn)).not.toContain(') {')
    expect(sourceVersion(fn)).toBe(sourceVersion(original))
  })

  test('by TypeScript, where the target is no older', () => {
    const { outputText } = ts.transpileModule(author, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
    })
    expect(sourceVersion(quoteOf(outputText))).toBe(sourceVersion(original))
  })
})

describe('minified text is refused', () => {
  test('of esbuild', async () => {
    const fn = await exportedQuote(transformSync(author, { minify: true }).code)
    expect(text(fn)).toMatch(/^async function quote\(\w,/)
    expect(refusal(fn).reason).toBe('minified')
    expect(refusal(fn).message).toContain('minification')
  })

  test('of terser', async () => {
    const { code } = await minify(author, { module: true })
    const fn = await exportedQuote(code!)
    expect(text(fn)).toMatch(/^async function quote\(\w,/)
    expect(refusal(fn).reason).toBe('minified')
  })

  test.each(['e=>e.length', '(e,t)=>e+t', 'function(e){return e.id}', 'async e=>{const t=await e;return t}', 'e=>e*t'])(
    'such as `%s`',
    (code) => {
      expect(refusal(fromText(code)).reason).toBe('minified')
    },
  )

  test.each([
    'e => e.length',
    '(e, t) => e + t',
    'function (e) { return e.id }',
    '()=>42',
    'user=>user.id',
    '(sku)=>({sku})',
  ])('and not what a person writes: `%s`', (code) => {
    expect(sourceVersion(fromText(code))).toMatch(/^r1-/)
  })
})

describe('instrumented text is refused', () => {
  test('of Istanbul', async () => {
    const fn = await exportedQuote(
      createIstanbul({ esModules: true, compact: false }).instrumentSync(author, 'quote.js'),
    )
    expect(text(fn)).toMatch(/cov_\w+\(\)\.f\[/)
    const error = refusal(fn)
    expect(error.reason).toBe('instrumented')
    expect(error.message).toContain('coverage')
  })

  test('of Wallaby', () => {
    expect(refusal(fromText('(a) => { $_$w(1, 0, $_$c); return $_$w(1, 1), a + 1 }')).reason).toBe('instrumented')
  })
})

describe('Stryker', () => {
  /** The function with every mutant in it, and the switch between them. */
  async function mutants(): Promise<{ readonly fn: AnyFunction; activate(id: string | undefined): void }> {
    const nothing = () => {}
    const logger = new Proxy({}, { get: () => nothing }) as never
    const source = 'export function double(n) {\n  return n * 2\n}\n'
    const { files } = await new Instrumenter(logger).instrument(
      [{ name: 'double.js', mutate: true, content: source }],
      { plugins: [], excludedMutations: [], ignorers: [] } as never,
    )
    const code = files[0]!.content
    const exports: { double?: AnyFunction } = {}
    new Function('exports', `${code.replace(/^export /gm, '')}\nexports.double = double`)(exports)
    const state = (globalThis as unknown as { __stryker__: { activeMutant?: string | undefined } }).__stryker__
    return {
      fn: exports.double!,
      activate(id) {
        state.activeMutant = id
      },
    }
  }

  test('switches caching off, so that each mutant answers for itself', async () => {
    const { fn, activate } = await mutants()
    expect(text(fn)).toContain('stryMutAct_')
    const rows = new Map<string, unknown>()
    const store = {
      lifetime: 'shared',
      holds: 'references',
      get: (key: string) => rows.get(key) as never,
      set: (key: string, held: unknown) => void rows.set(key, held),
      delete: (key: string) => rows.delete(key),
    } as const
    for (const options of [{ store, namespace: 'test', ttl: '1m' }, {}] as const) {
      const double = createAutocache(options as AutocacheOptions).cached(fn, { name: 'double', version: sourceVersion })
      const answers = [undefined, '0', '1'].map((id) => {
        activate(id)
        return double(3)
      })
      expect(answers).toEqual([6, undefined, 1.5])
    }
    expect(rows.size).toBe(0)
  })

  test('has a version that no other function shares, in case it is kept elsewhere', async () => {
    const { fn } = await mutants()
    expect(sourceVersion(fn)).not.toBe(sourceVersion(fn))
    expect(sourceVersion(fn)).not.toMatch(/^r1-/)
  })

  test('is refused in what a function refers to: that function itself is not under mutation', async () => {
    const { fn } = await mutants()
    expect(refusal(fromText('(n) => double(n)'), { double: fn }).reason).toBe('instrumented')
  })
})

describe('text with the imports of a bundler is refused', () => {
  const importing = `
import { rate, round } from './rates.js'
export function quote(sku) {
  return round(sku.length * rate)
}
`
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'autocache source '))
    writeFileSync(join(folder, 'rates.js'), 'export const rate = 2\nexport const round = (n) => Math.round(n)\n')
    writeFileSync(join(folder, 'quote.js'), importing)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('of esbuild, as CommonJS', () => {
    const [output] = buildSync({
      entryPoints: [join(folder, 'quote.js')],
      format: 'cjs',
      bundle: true,
      external: ['./rates.js'],
      write: false,
    }).outputFiles
    const fn = quoteOf(output!.text)
    expect(text(fn)).toMatch(/\(0, import_rates\.round\)/)
    expect(refusal(fn).reason).toBe('bundled')
    expect(refusal(fn).message).toContain("version: '1'")
  })

  test('of TypeScript, as CommonJS', () => {
    const { outputText } = ts.transpileModule(importing, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
    })
    const fn = quoteOf(outputText)
    expect(text(fn)).toMatch(/\(0, rates_js_1\.round\)/)
    expect(refusal(fn).reason).toBe('bundled')
  })

  test('of Vite, as it serves modules to a server', async () => {
    const server = await createServer({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      server: { middlewareMode: true, ws: false, watch: null },
      appType: 'custom',
    })
    try {
      const { quote } = (await server.ssrLoadModule('/quote.js')) as { quote: AnyFunction }
      expect(text(quote)).toContain('__vite_ssr_import_0__')
      expect(refusal(quote).reason).toBe('bundled')
      expect(refusal(quote).message).toContain('Vite')
    } finally {
      await server.close()
    }
  })

  test.each([
    ['webpack', '(a) => (0, _rates__WEBPACK_IMPORTED_MODULE_0__.round)(a)'],
    ['webpack', '(a) => __webpack_require__(42).round(a)'],
    ['Turbopack', '(a) => (0, __TURBOPACK__imported__module__$5b$project$5d2f$rates$2e$js__["round"])(a)'],
    ['Turbopack', '(a) => __turbopack_context__.r(42).round(a)'],
    ['Vite', '(a) => (0, __vi_import_0__.round)(a)'],
    ['a bundler', '(a) => $1a2b3c4d5e$export$round(a)'],
    ['a bundler', '(a) => (0, whatever.round)(a)'],
    ['a bundler', '(a) => (0, whatever.tag)`${a}`'],
  ])('of %s: `%s`', (tool, code) => {
    const error = refusal(fromText(code))
    expect(error.reason).toBe('bundled')
    expect(error.message).toContain(tool)
  })

  test('and what a bundler joined without renaming is given as it stands', () => {
    const [output] = buildSync({
      entryPoints: [join(folder, 'quote.js')],
      format: 'cjs',
      bundle: true,
      write: false,
    }).outputFiles
    const fn = quoteOf(output!.text)
    expect(refusal(fn).reason).toBe('free name')
    expect(sourceVersion.with({ deps: { rate: 2, round: fromText('(n) => Math.round(n)') } })(fn)).toMatch(/^r1-/)
  })
})

describe('text with the helpers of a transpiler is refused', () => {
  const emit = (target: ts.ScriptTarget) =>
    quoteOf(ts.transpileModule(author, { compilerOptions: { target, module: ts.ModuleKind.CommonJS } }).outputText)

  test.each([
    ['ES5', ts.ScriptTarget.ES5],
    ['ES2015', ts.ScriptTarget.ES2015],
  ] as const)('of TypeScript for %s', (_, target) => {
    const fn = emit(target)
    expect(text(fn)).toContain('__awaiter')
    expect(refusal(fn).reason).toBe('down-levelled')
    expect(refusal(fn).message).toContain('`__awaiter`')
  })

  test('of TypeScript with `importHelpers`', () => {
    const { outputText } = ts.transpileModule(author, {
      compilerOptions: { target: ts.ScriptTarget.ES2015, module: ts.ModuleKind.CommonJS, importHelpers: true },
    })
    expect(refusal(quoteOf(outputText)).reason).toBe('down-levelled')
  })

  test('of esbuild for ES2016', async () => {
    const { code } = transformSync(author, { target: 'es2016', format: 'esm' })
    const fn = await exportedQuote(code)
    expect(text(fn)).toMatch(/__async\(|__objRest\(/)
    expect(refusal(fn).reason).toBe('down-levelled')
  })

  test.each([
    ['React Compiler', '(props) => { const $ = _c(2); return $[0] }'],
    ['Babel', 'function () { return _regenerator().m(function f(n) { return n.a(2, 1) }) }'],
    ['Babel', '(a) => _objectSpread(_objectSpread({}, a), {}, { b: 1 })'],
    ['Babel', '(a) => regeneratorRuntime.mark(a)'],
    ['SWC', '(a) => _object_spread({}, a)'],
    ['SWC', '(a) => _async_to_generator(function* () { return a })()'],
  ])('of %s: `%s`', (_, code) => {
    expect(refusal(fromText(code)).reason).toBe('down-levelled')
  })

  test('and names that only look like those of a helper may be given', () => {
    const error = refusal(fromText('(a) => _create(a)'))
    expect(error.reason).toBe('free name')
    expect(sourceVersion.with({ deps: { __scale: 2 } })(fromText('(a) => a * __scale'))).toMatch(/^r1-/)
  })
})

/**
 * Tools that rewrite a source and keep what it does. Each is of another make than the compiler: none shares its parser,
 * scopes or printer.
 */
import * as tsParser from '@typescript-eslint/parser'
import { Linter } from 'eslint'
import { transformSync } from 'oxc-transform'
import { format, type Options } from 'prettier'
import { minify } from 'terser'
import ts from 'typescript'

/** Rewrites one source; nothing where the tool cannot be used on it. */
export type Transform = (text: string, file: string) => Promise<string | undefined> | string | undefined

/** The printer with three settings that share no default and no habit of the libraries. */
export const layouts: Readonly<Record<string, Options>> = {
  'wide, tabs, no semicolons': {
    semi: false,
    singleQuote: true,
    useTabs: true,
    printWidth: 180,
    arrowParens: 'avoid',
    trailingComma: 'none',
    quoteProps: 'consistent',
    objectWrap: 'collapse',
  },
  'narrow, double quotes': {
    semi: true,
    singleQuote: false,
    tabWidth: 8,
    printWidth: 48,
    arrowParens: 'always',
    trailingComma: 'all',
    quoteProps: 'as-needed',
    objectWrap: 'preserve',
    bracketSpacing: false,
    experimentalTernaries: true,
    experimentalOperatorPosition: 'start',
  },
}

export const prettier =
  (options: Options): Transform =>
  (text, file) =>
    format(text, { ...options, parser: isTyped(file) ? 'typescript' : 'babel' })

export const isTyped = (file: string): boolean => /\.[cm]?tsx?$/.test(file)

/** Syntax of TypeScript that is code, and not erased: strippers rewrite it into other code. */
export function emits(text: string): string | undefined {
  let found: string | undefined
  const visit = (node: ts.Node): void => {
    if (found) return
    const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined
    if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return
    if (ts.isEnumDeclaration(node)) found = 'enum'
    else if (ts.isModuleDeclaration(node)) found = 'namespace'
    else if (ts.isParameter(node) && modifiers?.length) found = 'parameter property'
    else ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('a.ts', text, ts.ScriptTarget.ESNext))
  return found
}

export const stripWithTypeScript: Transform = (text, file) =>
  isTyped(file) && !emits(text)
    ? ts.transpileModule(text, {
        fileName: file,
        compilerOptions: {
          target: ts.ScriptTarget.ESNext,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          removeComments: true,
        },
      }).outputText
    : undefined

export const stripWithOxc: Transform = (text, file) => {
  if (!isTyped(file) || emits(text)) return undefined
  const { code, errors } = transformSync(file, text, { target: 'esnext', typescript: { onlyRemoveTypeImports: true } })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`)
  return code
}

/**
 * Gives every local and every name of the module that is not exported another name. Nothing is compressed. Names of
 * classes are kept: a version holds them, because `constructor.name` and registries observe them.
 */
export const mangle: Transform = async (text, file) => {
  if (isTyped(file) && emits(text)) return undefined
  const plain = isTyped(file) ? (stripWithTypeScript(text, file) as string) : text
  // A class without a name of its own has that of its variable.
  const classes = [...plain.matchAll(/(?:const|let|var)\s+([\w$]+)\s*=\s*class\b/g)].map(([, name]) => name!)
  const { code } = await minify(plain, {
    module: true,
    compress: false,
    mangle: { module: true, toplevel: true, keep_classnames: true, keep_fnames: false, reserved: classes },
    format: { beautify: true, comments: false },
  })
  return code
}

/** Rules whose fix keeps what the code does, in the exact sense: for all values, getters and conversions. */
export const preservingRules: Linter.RulesRecord = {
  'array-bracket-spacing': 'error',
  'arrow-body-style': 'error',
  'arrow-parens': ['error', 'as-needed'],
  curly: ['error', 'all'],
  'dot-notation': 'error',
  'new-parens': 'error',
  'no-debugger': 'error',
  'no-else-return': ['error', { allowElseIf: false }],
  'no-extra-boolean-cast': ['error', { enforceForInnerExpressions: true }],
  'no-extra-label': 'error',
  'no-extra-semi': 'error',
  'no-floating-decimal': 'error',
  'no-lonely-if': 'error',
  'no-undef-init': 'error',
  'no-unused-labels': 'error',
  'no-useless-computed-key': ['error', { enforceForClassMembers: true }],
  'no-useless-rename': 'error',
  'no-useless-return': 'error',
  'object-shorthand': ['error', 'properties'],
  'prefer-const': ['error', { destructuring: 'all' }],
  'prefer-numeric-literals': 'error',
  quotes: ['error', 'backtick'],
  semi: ['error', 'always'],
  'spaced-comment': 'error',
}

/** The same with the other choice, where a rule has one. */
export const oppositeRules: Linter.RulesRecord = {
  'arrow-body-style': ['error', 'always'],
  curly: ['error', 'multi'],
  'object-shorthand': ['error', 'never'],
  'one-var': ['error', 'never'],
  'quote-props': ['error', 'as-needed'],
  quotes: ['error', 'single'],
  semi: ['error', 'never'],
}

export const eslint = (rules: Linter.RulesRecord): Transform => {
  const linter = new Linter({ configType: 'flat' })
  return (text, file) => {
    const config: Linter.Config = {
      files: ['**/*.{ts,tsx,js,mjs}'],
      languageOptions: {
        ecmaVersion: 'latest',
        sourceType: 'module',
        ...(isTyped(file) && { parser: tsParser as Linter.Parser }),
      },
      linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
      // The rule knows no keys of interfaces, which a template cannot be.
      rules: isTyped(file) && rules === preservingRules ? { ...rules, quotes: ['error', 'double'] } : rules,
    }
    const { output, messages } = linter.verifyAndFix(text, config, { filename: file })
    const fatal = messages.find((message) => message.fatal)
    if (fatal) throw new Error(`${file}:${fatal.line}: ${fatal.message}`)
    return output
  }
}

/**
 * A native parser has the stack of the thread and no exception for its end: a source nested too deeply ends the process.
 * Sources that could be are tried in a process of their own first.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Far below what a thread of 4 MB bears, and far above what people write. */
const limit = 400

/** Operators whose right side is parsed one level deeper. */
const operators = new Set([...'?=!~>'].map((operator) => operator.charCodeAt(0)))
const prefix = /^(?:new|await|void|typeof|yield|delete)\b/
const prefixes = new Set([...'navtyd'].map((letter) => letter.charCodeAt(0)))
const continuing = /^\s*(?:[?:=.&|+*/,)\]}<-]|else\b)/
const unfinished = /[=?:(,[{&|+\-*/!~><]\s*$|\belse\s*$/

/**
 * Whether brackets or chains of operators could nest deeply. Strings and comments are not told from code, so it can be
 * wrong about a table of brackets, and never about deep nesting.
 */
export function mayNestDeeply(text: string): boolean {
  if (text.length < limit) return false
  let depth = 0
  let elements = 0
  let run = 0
  let elses = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 40 || char === 91 || char === 123) {
      if (++depth > limit) return true
    } else if (char === 41 || char === 93 || char === 125) {
      if (depth > 0) depth--
    } else if (char === 59) run = 0
    else if (char === 10) {
      if (run > 0) {
        const before = text.slice(Math.max(0, at - 20), at)
        if (!unfinished.test(before) && !continuing.test(text.slice(at, at + 80))) run = 0
      }
    } else if (char === 60) {
      const next = text.charCodeAt(at + 1)
      if (next === 47) elements = Math.max(0, elements - 1)
      else if ((next | 32) >= 97 && (next | 32) <= 122 && ++elements > limit) return true
    } else if (char === 47 && text.charCodeAt(at + 1) === 62) elements = Math.max(0, elements - 1)
    else if (operators.has(char)) {
      if (++run > limit) return true
    } else if (char === 101 && text.startsWith('else', at) && ++elses > limit) return true
    else if (prefixes.has(char) && prefix.test(text.slice(at, at + 8)) && ++run > limit) return true
  }
  return false
}

const probe = `
import { Worker } from 'node:worker_threads'
let input = ''
for await (const piece of process.stdin) input += piece
const code = "const { workerData: [parser, name, text] } = require('node:worker_threads');" +
  "import(parser).then(({ parseSync }) => parseSync(name, text))"
new Worker(code, { eval: true, execArgv: [], workerData: JSON.parse(input) }).on('error', () => process.exit(1))
`

const require = createRequire(import.meta.url)

/** Whether the parser comes back from a source. Costs a process; the answer is kept with the summary. */
export function survivesParsing(text: string, extension: string): boolean {
  const parser = pathToFileURL(require.resolve('oxc-parser')).href
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', probe], {
    input: JSON.stringify([parser, `file${extension}`, text]),
    // What is preloaded into this process may be what called us.
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: 60_000,
  })
  return status === 0
}

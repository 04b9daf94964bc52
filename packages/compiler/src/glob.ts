/**
 * Glob patterns as a test on one path. Folders on disk are walked by tinyglobby; this answers for paths that are already
 * known: members of a workspace, files of a project that is not on the disk.
 */
const special = /[\\^$.|+()[\]]/g

function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{')
  if (open < 0) return [pattern]
  let depth = 0
  const commas: number[] = []
  for (let at = open; at < pattern.length; at++) {
    const char = pattern[at]
    if (char === '{') depth++
    else if (char === ',' && depth === 1) commas.push(at)
    else if (char === '}' && --depth === 0) {
      if (commas.length === 0) break
      const cuts = [open, ...commas, at]
      const head = pattern.slice(0, open)
      const tail = pattern.slice(at + 1)
      return cuts.slice(1).flatMap((cut, i) => expandBraces(head + pattern.slice(cuts[i]! + 1, cut) + tail))
    }
  }
  // Braces that close nothing, or hold no comma, stand for themselves.
  return expandBraces(pattern.slice(open + 1)).map((rest) => `${pattern.slice(0, open)}\\{${rest}`)
}

function toRegExp(pattern: string): string {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === '\\' && at + 1 < pattern.length) {
      source += pattern[++at]!.replace(/[^\w]/, '\\$&')
    } else if (pattern.startsWith('**/', at) && (at === 0 || pattern[at - 1] === '/')) {
      source += '(?:[^/]+/)*'
      at += 2
    } else if (pattern.startsWith('**', at)) {
      source += '.*'
      at++
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2)
      if (end < 0) source += '\\['
      else {
        source += `[${pattern
          .slice(at + 1, end)
          .replace(/^!/, '^')
          .replace(/[\\[]/g, '\\$&')}]`
        at = end
      }
    } else source += char.replace(special, '\\$&').replace(/[{}]/, '\\$&')
  }
  return source
}

/**
 * A test whether a path, relative and with `/`, matches any of `patterns` and none of those that begin with `!`.
 * Knows `*`, `**`, `?`, `[a-z]` and `{a,b}`. A pattern of a folder takes all below it.
 */
export function globMatcher(patterns: readonly string[], options: { readonly folders?: boolean } = {}) {
  const below = options.folders ? '(?:/.*)?' : ''
  const compile = (list: readonly string[]) => {
    const sources = list
      .map((pattern) => pattern.replace(/^\.\//, '').replace(/\/+$/, ''))
      .filter((pattern) => pattern !== '')
      .flatMap(expandBraces)
      .map((pattern) => `${toRegExp(pattern)}${below}`)
    return sources.length === 0 ? undefined : new RegExp(`^(?:${sources.join('|')})$`)
  }
  const wanted = compile(patterns.filter((pattern) => !pattern.startsWith('!')))
  const refused = compile(patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)))
  return (path: string): boolean => wanted?.test(path) === true && refused?.test(path) !== true
}

/**
 * Writes the sources with their versions into `stamped`, for whichever compiler `nest build` runs after it:
 *
 *   node stamp.mjs && nest build --config nest-cli.stamped.json
 *   node stamp.mjs --watch   beside   nest start --watch --config nest-cli.stamped.json
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { analyze } from '@autocache/compiler'

const root = import.meta.dirname
const from = join(root, 'src')
const into = join(root, 'stamped')
let analysis = analyze({ root })
rmSync(into, { recursive: true, force: true })
write()

if (process.argv.includes('--watch')) {
  console.log('Watching src.')
  const edited = new Set()
  let timer
  watch(from, { recursive: true }, (_, name) => {
    edited.add(join(from, name))
    clearTimeout(timer)
    timer = setTimeout(() => {
      analysis = analysis.update([...edited])
      edited.clear()
      write()
    }, 50)
  })
}

/** Writes what has changed, so that a compiler that watches compiles that and no more. */
function write() {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const text = readFileSync(file, 'utf8')
    const made = file.endsWith('.ts') ? analysis.transform(text, file) : undefined
    for (const { code, level, message, position } of made?.diagnostics ?? [])
      if (level === 'error') console.error(`${position?.file ?? file}: ${code}: ${message}`)
    const target = join(into, relative(from, file))
    // What is written into a source is JavaScript; types are checked where the author wrote them.
    const written = made ? `// @ts-nocheck\n${made.code}` : text
    if (readText(target) === written) continue
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, written)
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * Measures the compiler on one project. Every job runs in a process of its own; what is compared is measured there one
 * after another in random order, round by round, so that a machine that is busy for a while slows all of it.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Analysis, analyze } from '@autocache/compiler'
import { parseSync } from 'oxc-parser'
import { applied, type Edit, groupsOf, mistakes, type Versions } from './edit.ts'
import type { ProjectSize } from './project.ts'
import type { StepId } from './results.ts'
import { type Subject, type SubjectId, subjectOf, writeSubject } from './subjects.ts'

export type Job =
  | { readonly kind: 'rounds'; readonly id: SubjectId; readonly size: ProjectSize; readonly rounds: number }
  | { readonly kind: 'growth'; readonly sizes: readonly ProjectSize[]; readonly rounds: number }
  /** One analysis of a folder and nothing else: its time from the start of the process, and its peak of memory. */
  | {
      readonly kind: 'once'
      readonly id: SubjectId
      readonly size: ProjectSize
      readonly root: string
      readonly cache: string
    }

export interface RoundsMeasured {
  readonly lines: number
  readonly functions: number
  readonly largest: number
  readonly times: Readonly<Record<string, readonly number[]>>
  readonly memory: { readonly cold: number; readonly warm: number }
  readonly checked: readonly string[]
  readonly stamps:
    | {
        readonly modules: number
        readonly stamps: number
        readonly parse: readonly number[]
        readonly transform: readonly number[]
      }
    | undefined
}

export interface OnceMeasured {
  readonly milliseconds: number
  readonly bytes: number
  readonly versions: Versions
}

/** By number of modules. */
export type GrowthMeasured = Readonly<Record<number, readonly number[]>>

/** Runs a job in a fresh process. */
export function inProcess<T>(job: Job): Promise<T> {
  const child = fork(fileURLToPath(new URL('compiler.js', import.meta.url)), [JSON.stringify(job)], {
    execArgv: job.kind === 'once' ? [] : ['--expose-gc', '--max-old-space-size=8192'],
    env: { ...process.env, NODE_ENV: 'production' },
    serialization: 'advanced',
  })
  return new Promise((resolve, reject) => {
    let result: T | undefined
    child.on('message', (message) => (result = message as T))
    child.on('error', reject)
    child.on('exit', (status) => {
      if (result !== undefined) resolve(result)
      else reject(new Error(`Measuring the compiler (${job.kind}) ended with status ${status} and no result.`))
    })
  })
}

export async function measure(job: Job): Promise<RoundsMeasured | GrowthMeasured | OnceMeasured> {
  if (job.kind === 'rounds') return measureRounds(job.id, job.size, job.rounds)
  return job.kind === 'growth'
    ? measureGrowth(job.sizes, job.rounds)
    : measureOnce(job.id, job.size, job.root, job.cache)
}

/** What a build asks for: the program, and the versions of all its functions. */
function versionsOf(subject: Pick<Subject, 'versions'>, root: string, cache: string | false): Versions {
  return subject.versions(analyze({ root, cache }))
}

function measureOnce(id: SubjectId, size: ProjectSize, root: string, cache: string): OnceMeasured {
  // A generated project is asked for its cached functions, for which its texts need not be made again.
  const subject = id === 'generated' ? cachedFunctions : subjectOf(id, size)
  const versions = versionsOf(subject, root, cache)
  return { milliseconds: performance.now(), bytes: process.resourceUsage().maxRSS * 1024, versions }
}

const cachedFunctions: Pick<Subject, 'versions'> = {
  versions: ({ functions }) => new Map(functions.map(({ file, label, version }) => [`${file}#${label}`, version])),
}

/** Parses as the compiler does, and makes the tree a value of JavaScript. */
function parseAll(texts: readonly (readonly [file: string, text: string])[]): void {
  for (const [file, text] of texts) {
    const extension = extname(file)
    const lang = extension === '.tsx' ? 'tsx' : extension === '.ts' ? 'ts' : 'jsx'
    const { program, errors } = parseSync(file, text, {
      lang,
      sourceType: 'module',
      astType: 'ts',
      range: true,
      preserveParens: false,
    })
    assert.equal(program.type, 'Program')
    assert.deepEqual(errors, [], file)
  }
}

async function timed(run: () => unknown): Promise<number> {
  globalThis.gc?.()
  const started = performance.now()
  await run()
  return performance.now() - started
}

async function measureRounds(id: SubjectId, size: ProjectSize, rounds: number): Promise<RoundsMeasured> {
  const subject = subjectOf(id, size)
  const work = mkdtempSync(join(tmpdir(), 'autocache-bench-'))
  const root = join(work, 'project')
  let folders = 0
  const freshFolder = () => join(work, `cache-${folders++}`)
  try {
    writeSubject(subject, root)
    const kept = freshFolder()
    const analysis = analyze({ root, cache: kept })
    const versions = subject.versions(analysis)
    const checked = check(subject, root, kept, analysis, versions)

    const texts = subject.modules.map((file) => [file, subject.files.get(file)!] as const)
    const cached = (): Promise<OnceMeasured> => inProcess({ kind: 'once', id, size, root, cache: kept })
    let turn = 0
    /** Edits one file for the time of a run, which must see it. */
    const edited = async (run: (edit: Edit) => Versions | Promise<Versions>): Promise<void> => {
      const edit = subject.warm(++turn)
      change(subject, root, [edit])
      try {
        assert.deepEqual(mistakes([edit], versions, await run(edit)), [])
      } finally {
        restore(subject, root, [edit])
      }
    }
    const took = new Map<StepId, number[]>()
    /** What a watcher has: it lives on from edit to edit. */
    let watched = analyze({ root, cache: kept })
    subject.versions(watched)
    const steps: Record<StepId, () => Promise<number>> = {
      parse: () => timed(() => parseAll(texts)),
      cold: () => timed(() => versionsOf(subject, root, freshFolder())),
      'cold-uncached': () => timed(() => versionsOf(subject, root, false)),
      'warm-update': async () => {
        let milliseconds = 0
        let file = ''
        await edited(async (edit) => {
          let found: Versions | undefined
          file = edit.file
          milliseconds = await timed(() => (found = subject.versions((watched = watched.update([file])))))
          return found!
        })
        watched = watched.update([file])
        assert.deepEqual(subject.versions(watched), versions, 'taking an edit back does not take versions back')
        return milliseconds
      },
      'warm-call': async () => {
        let milliseconds = 0
        await edited(async () => {
          let found: Versions | undefined
          milliseconds = await timed(() => (found = versionsOf(subject, root, kept)))
          return found!
        })
        return milliseconds
      },
      'warm-process': async () => {
        let milliseconds = 0
        await edited(async () => {
          const once = await cached()
          milliseconds = once.milliseconds
          return once.versions
        })
        return milliseconds
      },
    }
    // What was checked warmed everything up, but the parser alone.
    await steps.parse()
    for (let round = 0; round < rounds; round++) {
      for (const [step, run] of inRandomOrder(Object.entries(steps) as [StepId, () => Promise<number>][])) {
        took.set(step, [...(took.get(step) ?? []), await run()])
      }
    }
    const stamps = await measureStamps(subject, root, analysis, rounds)
    const cold = await inProcess<OnceMeasured>({ kind: 'once', id, size, root, cache: freshFolder() })
    const warm = await cached()
    assert.deepEqual(cold.versions, versions, 'another process gives other versions')
    return {
      lines: texts.reduce((lines, [, text]) => lines + text.split('\n').length, 0),
      functions: versions.size,
      largest: largestOf(analysis, versions),
      times: Object.fromEntries(took),
      memory: { cold: cold.bytes, warm: warm.bytes },
      checked,
      stamps,
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** `transform` of the modules that it writes to, beside the parse of the same: versions are there already. */
async function measureStamps(
  subject: Subject,
  root: string,
  analysis: Analysis,
  rounds: number,
): Promise<RoundsMeasured['stamps']> {
  let stamps = 0
  const texts = subject.modules.flatMap((file) => {
    const text = subject.files.get(file)!
    const transformed = analysis.transform(text, join(root, file))
    if (!transformed || transformed.code === text) return []
    stamps += transformed.stamps.length
    return [[file, text] as const]
  })
  if (texts.length === 0) return undefined
  const transformAll = () => {
    for (const [file, text] of texts) assert.ok(analysis.transform(text, join(root, file)))
  }
  // They are few and small: one pass is over before a collection of garbage that it causes.
  const passes = 20
  const again = (run: () => void) => {
    for (let pass = 0; pass < passes; pass++) run()
  }
  const took: Record<'parse' | 'transform', number[]> = { parse: [], transform: [] }
  again(transformAll)
  again(() => parseAll(texts))
  for (let round = 0; round < rounds; round++) {
    const steps = [['parse', () => parseAll(texts)] as const, ['transform', transformAll] as const]
    for (const [step, run] of inRandomOrder(steps)) took[step].push((await timed(() => again(run))) / passes)
  }
  return { modules: texts.length, stamps, ...took }
}

/** The definitions of the function that reaches most. */
function largestOf(analysis: Analysis, versions: Versions): number {
  let largest = 0
  for (const key of versions.keys()) {
    const [file, label] = key.split('#') as [string, string]
    largest = Math.max(largest, analysis.versionOf(file, label).definitions.length)
  }
  return largest
}

/** Right first: known edits do what they must, and versions do not depend on the cache. */
function check(subject: Subject, root: string, cache: string, analysis: Analysis, versions: Versions): string[] {
  assert.ok(versions.size > 0, 'the project has no functions')
  for (const { code, message, position } of analysis.diagnostics) {
    // Nothing that was generated or published is so broken that its bytes would stand for it.
    const broken = code === 'parse-error' || code === 'unreadable' || code === 'unknown-syntax'
    assert.ok(!broken, `${position.file}:${position.line}: ${message}`)
  }
  let watched = analyze({ root, cache })
  assert.deepEqual(subject.versions(watched), versions, 'a warm run gives other versions than a cold one')
  for (const edits of groupsOf(subject.edits)) {
    change(subject, root, edits)
    try {
      const cold = versionsOf(subject, root, false)
      assert.deepEqual(mistakes(edits, versions, cold), [])
      const warm = versionsOf(subject, root, cache)
      assert.deepEqual(warm, cold, 'a warm run after edits gives other versions than a cold one')
      watched = watched.update(edits.map(({ file }) => file))
      assert.deepEqual(subject.versions(watched), cold, 'an update gives other versions than a cold run')
    } finally {
      restore(subject, root, edits)
    }
    watched = watched.update(edits.map(({ file }) => file))
    assert.deepEqual(subject.versions(watched), versions, 'taking edits back does not take versions back')
  }
  return subject.edits.map(({ title, changes, keeps }) => {
    const stay = keeps === 'others' ? 'all others stay' : `${keeps.length} samples stay`
    return `${subject.id}: ${title} changes ${changes.length} of ${versions.size} versions, ${stay}`
  })
}

function change({ files }: Subject, root: string, edits: readonly Edit[]): void {
  for (const edit of edits)
    writeFileSync(join(root, edit.file), applied(readFileSync(join(root, edit.file), 'utf8'), edit))
  for (const { file } of edits) assert.notEqual(readFileSync(join(root, file), 'utf8'), files.get(file))
}

function restore({ files }: Subject, root: string, edits: readonly Edit[]): void {
  for (const { file } of edits) writeFileSync(join(root, file), files.get(file)!)
}

async function measureGrowth(sizes: readonly ProjectSize[], rounds: number): Promise<GrowthMeasured> {
  const work = mkdtempSync(join(tmpdir(), 'autocache-bench-'))
  try {
    const roots = sizes.map((size) => {
      const root = join(work, String(size.modules))
      writeSubject(subjectOf('generated', size), root)
      return { root, modules: size.modules }
    })
    const took: Record<number, number[]> = {}
    versionsOf(cachedFunctions, roots[0]!.root, false)
    for (let round = 0; round < rounds; round++) {
      for (const { root, modules } of inRandomOrder(roots)) {
        const milliseconds = await timed(() => versionsOf(cachedFunctions, root, false))
        ;(took[modules] ??= []).push(milliseconds)
      }
    }
    return took
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function inRandomOrder<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

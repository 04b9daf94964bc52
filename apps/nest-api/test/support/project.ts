import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const home = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(home, '../../packages')
const run = promisify(execFile)

/** A copy of the application outside of the workspace, with its packages as they are installed. */
export class Project {
  readonly root: string

  constructor() {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'nest-api-')))
    for (const part of ['src', 'package.json', 'nest-cli.json', '.swcrc', 'tsconfig.build.json', 'vitest.stamped.mjs'])
      cpSync(join(home, part), join(this.root, part), { recursive: true })
    // Without the paths that lead to the sources of the packages.
    const { include, compilerOptions } = JSON.parse(readFileSync(join(home, 'tsconfig.json'), 'utf8'))
    const { erasableSyntaxOnly: _, ...decorators } = compilerOptions
    writeFileSync(join(this.root, 'tsconfig.json'), JSON.stringify({ include, compilerOptions: decorators }))
    // The bench is no part of what is tested here.
    rmSync(join(this.root, 'src/bench'), { recursive: true })
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (name.startsWith('@autocache/')) continue
      this.#link(join(home, 'node_modules', name), join(this.root, 'node_modules', name))
    }
    for (const name of ['core', 'keyv', 'nestjs', 'compiler', 'unplugin', 'cli']) {
      const place = join(this.root, 'node_modules/@autocache', name)
      for (const part of ['dist', 'package.json'])
        cpSync(join(packages, name, part), join(place, part), { recursive: true })
      const { dependencies: own = {} } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'))
      for (const dependency of Object.keys(own))
        if (!dependency.startsWith('@autocache/'))
          this.#link(join(packages, name, 'node_modules', dependency), join(place, 'node_modules', dependency))
    }
  }

  #link(target: string, at: string): void {
    mkdirSync(dirname(at), { recursive: true })
    symlinkSync(realpathSync(target), at)
  }

  get dist(): string {
    return join(this.root, 'dist')
  }

  /** Replaces a text in a source. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.root, 'src', file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    writeFileSync(
      path,
      text.replace(from, () => to),
    )
  }

  /** A stamped build: what `npm run build` does there, with either compiler of Nest. */
  async build(builder: 'tsc' | 'swc'): Promise<void> {
    rmSync(this.dist, { recursive: true, force: true })
    await this.nest(['build', '--builder', builder])
    await this.#node(['node_modules/@autocache/cli/dist/bin.js', 'stamp', 'dist'])
  }

  /** Runs the unit tests. */
  unitTests(): Promise<string> {
    return this.#node(['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.stamped.mjs'])
  }

  /** Runs the command line of Nest. */
  nest(args: readonly string[]): Promise<string> {
    return this.#node(['node_modules/@nestjs/cli/bin/nest.js', ...args])
  }

  async #node(args: readonly string[]): Promise<string> {
    // Not that of the test runner, under which versions are of another scheme.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' } as never
    try {
      return (await run(process.execPath, args, { cwd: this.root, env })).stdout
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      throw new Error(`${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder with a git repository in it, for one test. */
export class TestRepository {
  readonly folder: string

  constructor(init = true) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'autocache cli ')))
    if (init) this.git('init', '--quiet', '--initial-branch=main')
  }

  git(...args: string[]): string {
    const settings = [
      'user.name=Test',
      'user.email=test@example.com',
      'commit.gpgsign=false',
      'protocol.file.allow=always',
    ]
    return execFileSync('git', [...settings.flatMap((one) => ['-c', one]), ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [file, text] of Object.entries(files)) {
      const path = join(this.folder, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    return this
  }

  remove(...files: string[]): this {
    for (const file of files) rmSync(join(this.folder, file), { recursive: true })
    return this
  }

  /** Commits everything and returns the commit. */
  commit(message = 'change'): string {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', message)
    return this.git('rev-parse', 'HEAD')
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

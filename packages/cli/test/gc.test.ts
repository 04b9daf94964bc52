import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyForms, readEntry, stampedVersion, unescaped, versionsIn } from '../src/entry-key.ts'
import { parseDuration } from '../src/gc.ts'
import { loadClient } from '../src/stores/client.ts'
import { analysis, cachedFunction, compilerOf, manifest } from './support/analysis.ts'
import { run } from './support/io.ts'

const compiler = compilerOf((root) => analysis(root, []))
const version = `s1-${'a'.repeat(26)}`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autocache gc '))
  writeFileSync(join(folder, 'kept.json'), JSON.stringify(manifest([cachedFunction('f')])))
})
afterEach(() => rmSync(folder, { recursive: true }))

const gc = (store: string, ...more: string[]) =>
  run(['gc', '--store', store, '--keep', 'kept.json', '--namespace', 'shop', ...more], { cwd: folder, compiler })

describe('gc refuses', () => {
  it('an address of no known kind, without repeating it', async () => {
    for (const address of [
      'mongodb://me:s3cret@host/db',
      'me:s3cret@host',
      'redis://me:s3c/ret@host:x',
      'constructor://x',
      'rubbish',
    ]) {
      const { code, out, err } = await gc(address, '--debug')
      expect(code).toBe(2)
      expect(out + err).not.toMatch(/s3c/)
      expect(err).toMatch(/--store/)
    }
    const named = await gc('redis://me:s3cret@127.0.0.1:1/shop')
    expect(named).toMatchObject({
      code: 2,
      err: expect.stringMatching(/redis:\/\/127.0.0.1:1\/shop names no database/),
    })
  })

  it('a store that does not answer, without telling the password', async () => {
    for (const scheme of ['redis', 'rediss', 'postgres', 'mysql']) {
      const { code, out, err } = await gc(`${scheme}://me:s3%2Fcret@127.0.0.1:1/7`, '--debug')
      expect([scheme, code]).toEqual([scheme, 2])
      expect(out + err).not.toMatch(/s3%2Fcret|s3\/cret/)
      expect(err).toContain(`${scheme}://127.0.0.1:1/7 failed`)
      expect(err).toMatch(/ECONNREFUSED/)
    }
  })

  it('a server that speaks otherwise, without telling the password', async () => {
    const server = await new Promise<Server>((resolve) => {
      const made = createServer((socket) => socket.on('error', () => {}).end('-ERR go away me:s3cret\r\n'))
      made.listen(0, '127.0.0.1', () => resolve(made))
    })
    try {
      const { port } = server.address() as { port: number }
      const { code, out, err } = await gc(`redis://me:s3cret@127.0.0.1:${port}`, '--debug')
      expect(code).toBe(2)
      expect(out + err).not.toContain('s3cret')
    } finally {
      server.close()
    }
  })

  it('an SQLite file that is none, or is not there', async () => {
    expect(await gc('sqlite:nowhere.sqlite')).toMatchObject({ code: 2, err: expect.stringMatching(/no SQLite file/) })
    expect(await gc('sqlite:')).toMatchObject({ code: 2, err: expect.stringMatching(/Name the SQLite file/) })
    writeFileSync(join(folder, 'text.sqlite'), 'not a database, but long enough to be one'.repeat(100))
    expect(await gc('sqlite:text.sqlite')).toMatchObject({ code: 2, err: expect.stringMatching(/no SQLite database/) })
    writeFileSync(join(folder, 'empty.sqlite'), '')
    expect(await gc('sqlite:empty.sqlite')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no table keyv.*--table/),
    })
  })

  it('a manifest that is none, keeps nothing or is of tests', async () => {
    const keep = (file: string) =>
      run(['gc', '--store', 'sqlite:x', '--keep', file, '--namespace', 'a'], { cwd: folder, compiler })
    expect(await keep('missing.json')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no manifest missing.json/),
    })
    writeFileSync(join(folder, 'none.json'), JSON.stringify(manifest([])))
    expect(await keep('none.json')).toMatchObject({ code: 2, err: expect.stringMatching(/keep nothing/) })
    writeFileSync(join(folder, 'tests.json'), JSON.stringify(manifest([cachedFunction('f')], { scheme: 't1' })))
    expect(await keep('tests.json')).toMatchObject({ code: 2, err: expect.stringMatching(/scheme t1/) })
    mkdirSync(join(folder, 'folder'))
    expect(await keep('folder')).toMatchObject({ code: 2, err: expect.stringMatching(/cannot be read \(EISDIR\)/) })
  })

  it('to guess a namespace or a grace period', async () => {
    const bare = await run(['gc', '--store', 'sqlite:x', '--keep', 'kept.json'], { cwd: folder, compiler })
    expect(bare).toMatchObject({ code: 2, err: expect.stringMatching(/--namespace/) })
    expect(await gc('sqlite:x', '--grace', 'soon')).toMatchObject({ code: 2, err: expect.stringMatching(/--grace/) })
  })

  it('to go on without a client library, and names the one to install', async () => {
    await expect(loadClient(folder, ['no-such-client'], '@keyv/none', 'Redis')).rejects.toThrow(
      /npm install --save-dev no-such-client/,
    )
    writeFileSync(join(folder, 'package.json'), '{}')
    mkdirSync(join(folder, 'node_modules/broken-client'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/broken-client/index.js'), 'throw new Error("built for another Node")')
    await expect(loadClient(folder, ['broken-client'], '@keyv/none', 'Redis')).rejects.toThrow(
      /does not load \(built for another Node\)/,
    )
  })

  it('to run without a store or a manifest', async () => {
    const bare = await run(['gc', '--keep', 'kept.json'], { cwd: folder, compiler })
    expect(bare).toMatchObject({ code: 2, err: expect.stringMatching(/--store/) })
    const none = await run(['gc', '--store', 'sqlite:x'], { cwd: folder, compiler })
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/--keep/) })
  })
})

describe('the key of a stored entry', () => {
  it('gives up its versions wherever they stand', () => {
    expect(versionsIn(`x::shop:f:${version}:~abc`)).toEqual([version])
    expect(versionsIn(`shop:f:${version}+s1-b:~abc`)).toEqual([version])
    expect(versionsIn('shop:f:s1-short:~abc')).toEqual([])
    expect(versionsIn(`shop:f:x-${version}:~abc`)).toEqual([])
  })

  it('has a version that decides: the first of those joined', () => {
    expect(stampedVersion(version)).toBe(version)
    expect(stampedVersion(`${version}+s1-other`)).toBe(version)
    for (const other of ['x-1', `r1-${'a'.repeat(26)}`, `p-${'a'.repeat(22)}-1`, `t1-${'a'.repeat(26)}`, '~digest']) {
      expect(stampedVersion(other)).toBeUndefined()
    }
  })

  it('is escaped and read back', () => {
    const [escaped, digested] = keyForms('a b:c%é~')
    expect(escaped).toBe('a%0020b%003ac%0025%00e9%007e')
    expect(unescaped(escaped)).toBe('a b:c%é~')
    expect(digested).toMatch(/^~[\w-]{43}$/)
  })

  it('belongs to an entry only where that is whole', () => {
    for (const value of ['', '{', 'null', '[]', '{"value":1}', '{"value":"a3.x"}', '{"value":"a2."}', 'a2.x.{}\n']) {
      expect(readEntry(`shop:f:${version}:~x`, value)).toBeUndefined()
    }
  })
})

it('a duration is a number and a unit', () => {
  expect(['7d', '12h', '1.5m', '0s', '10ms', '1w'].map(parseDuration)).toEqual([
    604_800_000, 43_200_000, 90_000, 0, 10, 604_800_000,
  ])
})

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import KeyvSqlite from '@keyv/sqlite'
import { sleep } from 'servers/redis-server'
import type { Playing, Scenario } from '../stage.ts'
import { claimRecovery, claims } from './outages.ts'

interface Trouble {
  readonly name: string
  readonly title: string
  /** The folder of the database, if it is a special one. */
  folder?(playing: Playing): string
  missing?(): string | undefined
  fail(file: string, playing: Playing): unknown
  /** Absent where nothing can make it good again. */
  mend?(file: string, playing: Playing): unknown
}

const tmpfs = (folder: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder])

/** Whether a small disk can be made here. */
function cannotMount(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a small disk can be mounted on Linux as root only'
  return spawnSync('mount', ['--version']).error ? 'the command mount is not installed' : undefined
}

/** A folder on a disk in memory, where there is one: how long a disk takes for each write is not what is played. */
function inMemory(playing: Playing): string {
  if (!existsSync('/dev/shm')) return playing.folder
  const folder = mkdtempSync('/dev/shm/autocache-chaos-')
  playing.closing(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let locker: KeyvSqlite | undefined

const troubles: readonly Trouble[] = [
  {
    name: 'locked',
    title: 'another program locks it',
    async fail(file) {
      locker = new KeyvSqlite({ uri: `sqlite://${file}`, busyTimeout: 10_000 })
      await locker.query('BEGIN EXCLUSIVE')
    },
    async mend() {
      await locker!.query('COMMIT')
      await locker!.disconnect()
    },
  },
  {
    name: 'read-only',
    title: 'it can be read and not written',
    fail: (_, { fleet }) => fleet.readOnly(true),
    mend: (_, { fleet }) => fleet.readOnly(false),
  },
  {
    name: 'disk full',
    title: 'its disk is full',
    missing: cannotMount,
    folder(playing) {
      const folder = join(playing.folder, 'small')
      mkdirSync(folder)
      const { status, stderr } = tmpfs(folder)
      if (status !== 0) throw new Error(`mount: ${stderr}`)
      const unmount = () => void spawnSync('umount', ['-l', folder])
      process.once('exit', unmount)
      playing.closing(() => {
        process.off('exit', unmount)
        unmount()
      })
      return folder
    },
    fail(file) {
      const filler = openSync(`${file}.filler`, 'w')
      try {
        for (;;) writeSync(filler, Buffer.alloc(4096))
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error
      } finally {
        closeSync(filler)
      }
    },
    mend: (file) => rmSync(`${file}.filler`),
  },
  {
    name: 'damaged',
    title: 'its file is overwritten in part',
    fail(file) {
      const { size } = statSync(file)
      const open = openSync(file, 'r+')
      // The head of the file stays, so that it is a database still.
      for (let at = 4096; at + 256 < size; at += 1024) {
        writeSync(open, Buffer.from(Array.from({ length: 64 }, () => Math.floor(Math.random() * 256))), 0, 64, at)
      }
      closeSync(open)
    },
  },
  {
    name: 'no database',
    title: 'its file is overwritten with something else',
    fail: (file) => writeFileSync(file, 'This is no database. '.repeat(2000)),
  },
]

async function play(playing: Playing, trouble: Trouble): Promise<void> {
  const { account, fleet, scale } = playing
  const file = join(trouble.folder?.(playing) ?? inMemory(playing), 'cache.sqlite')
  const processes = 2
  for (let index = 0; index < processes; index++) {
    const other = { processes, callers: Math.min(10, scale.callers), mutate: 300 }
    fleet.add(playing.plan({ kind: 'sqlite', file }, index, other))
  }
  await fleet.ready()
  fleet.start()
  await sleep(Math.max(2000, scale.phase))
  fleet.phase('before')
  await sleep(scale.phase)
  account.fault(trouble.name)
  await trouble.fail(file, playing)
  fleet.phase('during')
  await sleep(scale.phase)
  if (trouble.mend) {
    await trouble.mend(file, playing)
    account.mended()
    fleet.phase('after')
    const back = await fleet.recovered(15_000)
    await sleep(scale.phase / 2)
    await fleet.settle()
    const { stayed } = await fleet.stop()
    claims(playing, stayed)
    claimRecovery(playing, back)
    return
  }
  await sleep(scale.phase)
  account.mended()
  const { stayed } = await fleet.stop()
  const calls = account.latency('during')?.calls ?? 0
  account.claim('calls during the fault', 'some', `${calls}`, calls > 0)
  account.claim('processes that did not end by themselves', '0', `${stayed}`, stayed === 0)
}

export const sqlite: Scenario = {
  name: 'sqlite',
  title: 'SQLite beneath Keyv is locked, read-only, full or damaged',
  async play(stage) {
    for (const trouble of troubles) {
      const missing = trouble.missing?.()
      if (missing === undefined) await stage.round(trouble.name, (playing) => play(playing, trouble))
      else stage.skip(trouble.name, missing)
    }
  },
}

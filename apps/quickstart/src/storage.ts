import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Keyv } from 'keyv'
import { defaultFile, type Settings, Trouble } from './settings.ts'

/** A Keyv over a real storage, and the switch of that storage. */
export interface Storage {
  readonly keyv: Keyv
  /** Where the entries are, for people. */
  readonly place: string
  /** Takes the storage away from under a running program, and keeps it away. */
  switchOff(): Promise<void>
  close(): Promise<void>
}

// A namespace of our own in Keyv: emptying it touches nobody else's entries.
const namespace = 'autocache-quickstart'

/** @throws Trouble where the storage cannot be used */
export const openStorage = ({ redis, file }: Settings): Promise<Storage> =>
  redis === undefined ? openSqlite(resolve(file)) : openRedis(redis)

/** Throws the entries away and says so. A file of the user's own stays, because there may be more in it. */
export async function resetStorage(settings: Settings): Promise<string> {
  if (settings.redis === undefined && !existsSync(settings.file)) return `There is no ${settings.file}.`
  if (settings.redis === undefined && settings.file === defaultFile) {
    for (const suffix of ['', '-journal']) rmSync(defaultFile + suffix, { force: true })
    return `Removed ${defaultFile}.`
  }
  const { keyv, place, close } = await openStorage(settings)
  await keyv.clear()
  await close()
  return `Removed the quickstart's entries from ${place}.`
}

// Each driver is imported where it is used: the other one need not load.

async function openSqlite(file: string): Promise<Storage> {
  const elsewhere = 'Give another place: --file PATH'
  try {
    if (!existsSync(dirname(file))) mkdirSync(dirname(file))
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK)
  } catch (error) {
    throw new Trouble(`cannot write ${file}: ${(error as Error).message}\n${elsewhere}`)
  }
  const { KeyvSqlite } = await import('@keyv/sqlite').catch((error: Error) => {
    throw new Trouble(`SQLite's driver does not load: ${error.message}\nRun \`npm run quickstart\` from the root.`)
  })
  const sqlite = new KeyvSqlite({ uri: `sqlite://${file}`, busyTimeout: 1000 })
  const keyv = new Keyv(sqlite, { namespace })
  try {
    await sqlite.query('SELECT 1 FROM keyv LIMIT 1')
  } catch (error) {
    throw new Trouble(`cannot use ${file}: ${(error as Error).message}\n${elsewhere}`)
  }
  const close = once(() => keyv.disconnect())
  return { keyv, place: file, switchOff: close, close }
}

async function openRedis(url: string): Promise<Storage> {
  const place = `Redis at ${new URL(url).host}`
  const { default: KeyvRedis, createClient } = await import('@keyv/redis')
  const socket = { reconnectStrategy: false as const, connectTimeout: 2000 }
  const redis = new KeyvRedis({ url, socket })
  const keyv = new Keyv(redis, { namespace, useKeyPrefix: false })
  let cause = ''
  redis.on('error', (error: Error) => (cause ||= error.message || error.name))
  try {
    await redis.getClient()
  } catch {
    throw new Trouble(`${place} does not answer: ${cause}`)
  }
  return {
    keyv,
    place,
    // Disconnecting is not enough: @keyv/redis connects again when it is asked. Nobody listens on port 1.
    async switchOff() {
      await keyv.disconnect()
      redis.client = createClient({ url: 'redis://127.0.0.1:1', socket }) as typeof redis.client
    },
    async close() {
      if (redis.client.isOpen) await keyv.disconnect()
    },
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= run())
}

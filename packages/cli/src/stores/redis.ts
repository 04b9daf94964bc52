import { UserError } from '../errors.ts'
import { loadClient } from './client.ts'
import { connectTimeout, type GcStore, type StoredPair, type StoreTarget } from './store.ts'

/** Removes a key only while it holds what was read: it may have been written again meanwhile. */
const removeIfSame = `
local removed = 0
for i, key in ipairs(KEYS) do
  if redis.call('TYPE', key).ok == 'string' and redis.sha1hex(redis.call('GET', key)) == ARGV[i] then
    removed = removed + redis.call('UNLINK', key)
  end
end
return removed`

interface Client {
  on(event: 'error', listener: (error: unknown) => void): unknown
  connect(): Promise<unknown>
  destroy?(): void
  disconnect?(): Promise<void>
  sendCommand(args: readonly string[]): Promise<unknown>
}

/** Redis, Valkey and what speaks like them; by SCAN, which does not block. */
export async function openRedis({ url, root }: StoreTarget, name: string): Promise<GcStore> {
  const { createClient } = await loadClient(root, ['@redis/client', 'redis'], '@keyv/redis', 'Redis')
  const client = createClient({
    url,
    socket: { connectTimeout, reconnectStrategy: false },
  }) as Client
  // An error of the connection rejects the command under way; without a listener it would end the process.
  client.on('error', () => {})
  await client.connect()
  const send = (...args: string[]) => client.sendCommand(args)
  const server = String(await send('INFO', 'server').catch(() => ''))
  return {
    name,
    note: /redis_mode:cluster/.test(server)
      ? 'This is one node of a cluster, and only its entries are seen: run gc for each master.'
      : undefined,
    async *pages() {
      let cursor = '0'
      do {
        const reply = await send('SCAN', cursor, 'MATCH', '*:s1-*', 'COUNT', '1000', 'TYPE', 'string')
        if (!Array.isArray(reply) || !Array.isArray(reply[1]))
          throw new UserError(`${name} does not answer SCAN as Redis does.`)
        cursor = String(reply[0])
        yield (reply[1] as unknown[]).map(String)
      } while (cursor !== '0')
    },
    async values(keys) {
      const values = (await Promise.all(keys.map((key) => send('GET', key).catch(typeError)))) as unknown[]
      return values.map((value) => (value === null || value === undefined ? undefined : String(value)))
    },
    async remove(entries) {
      return await removeAll(send, entries, name)
    },
    async close() {
      if (client.destroy) client.destroy()
      else await client.disconnect?.()
    },
  }
}

/** A key that became another type since it was listed is none of ours. */
function typeError(error: unknown): undefined {
  if (/WRONGTYPE/.test(String((error as Error).message))) return undefined
  throw error
}

async function removeAll(
  send: (...args: string[]) => Promise<unknown>,
  entries: readonly StoredPair[],
  name: string,
): Promise<number> {
  const { createHash } = await import('node:crypto')
  let removed = 0
  // One key in one script: in a cluster, keys of one script must share a slot.
  const replies = await Promise.allSettled(
    entries.map(({ key, value }) =>
      send('EVAL', removeIfSame, '1', key, createHash('sha1').update(value).digest('hex')),
    ),
  )
  for (const reply of replies) {
    if (reply.status === 'fulfilled') removed += Number(reply.value)
    else if (/NOPERM|unknown command|READONLY/i.test(String(reply.reason))) {
      throw new UserError(
        `${name} refuses to remove entries (${(reply.reason as Error).message}). gc needs EVAL and UNLINK on a master.`,
      )
    } else throw reply.reason
  }
  return removed
}

import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what systems give to connections, so that none takes a port between its choice and its use. */
const first = 11_000
const last = 21_999

/** How far above the port of a server of a cluster the port of its bus is. */
const bus = 10_000

/** A port that is free now, and so is the one of a cluster's bus above it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first + 1))
    if ((await isFree(port)) && (await isFree(port + bus))) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}

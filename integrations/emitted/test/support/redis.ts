import { connect } from 'node:net'
import { describe } from 'vitest'

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** `describe`, or a loud skip where the server is missing on a laptop. In CI a missing server fails. */
export async function describeWithRedis() {
  if (process.env.CI || (await isAnswering())) return describe
  console.warn(`SKIPPED: no server at ${redisUrl}. These tests fail in CI.`)
  return describe.skip
}

function isAnswering(): Promise<boolean> {
  const { hostname, port } = new URL(redisUrl)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    const settle = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket
      .once('connect', () => settle(true))
      .once('error', () => settle(false))
      .setTimeout(2000, () => settle(false))
  })
}

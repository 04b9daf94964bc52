import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { describe } from 'vitest'

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
export const postgresUrl = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'
export const mysqlUrl = process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test'

const answers = new Map<string, Promise<boolean>>()

/** Whether something listens at `url`. */
export function answering(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const known = answers.get(url)
  if (known !== undefined) return known
  const answer = new Promise<boolean>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379) })
    const settle = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket
      .once('connect', () => settle(true))
      .once('error', () => settle(false))
      .setTimeout(2000, () => settle(false))
  })
  answers.set(url, answer)
  return answer
}

/** `describe`, or a loud skip where the server is missing on a laptop. In CI a missing server fails. */
export async function describeWith(url: string | undefined) {
  if (url === undefined || process.env.CI || (await answering(url))) return describe
  console.warn(`SKIPPED: no server at ${url}. These tests fail in CI.`)
  return describe.skip
}

/** `describe`, or a loud skip where `redis-server` is not installed on a laptop. In CI that fails. */
export function describeWithOwnRedis() {
  if (process.env.CI || spawnSync('redis-server', ['--version']).status === 0) return describe
  console.warn('SKIPPED: redis-server is not installed. These tests fail in CI.')
  return describe.skip
}

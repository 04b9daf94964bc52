/** What `'use cache'` keeps, in files: a store that outlives the process, and nothing more. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '.next', 'cache', 'use-cache')
const fileOf = (key) => join(folder, createHash('sha256').update(key).digest('hex'))

export default {
  async get(key) {
    try {
      const { value, ...entry } = JSON.parse(await readFile(fileOf(key), 'utf8'))
      return { ...entry, value: new Blob([Buffer.from(value, 'base64')]).stream() }
    } catch {
      return undefined
    }
  },
  async set(key, pending) {
    const { value, ...entry } = await pending
    const bytes = Buffer.from(await new Response(value).arrayBuffer())
    await mkdir(folder, { recursive: true })
    await writeFile(fileOf(key), JSON.stringify({ ...entry, value: bytes.toString('base64') }))
  },
  async refreshTags() {},
  async getExpiration() {
    return 0
  },
  async updateTags() {},
}

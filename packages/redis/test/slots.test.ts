import fc from 'fast-check'
import { describeWithOwnRedis, RedisServer } from 'servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { besides, slotOf } from '../src/slots.ts'

describeWithOwnRedis()('slots', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start('--cluster-enabled', 'yes')
  })
  afterAll(() => server?.end())

  it('are those of the server', async () => {
    const keys = ['a', 'foo{bar}', '{}x', 'a{b', 'a}b{c}d', '{a}{b}', 'autocache:shop:load:1:~Zx_-9', 'ä€𝄞']
    for (const key of keys)
      expect([key, await server.ask(`CLUSTER KEYSLOT ${key}`)]).toEqual([key, `:${slotOf(key)}\r\n`])
  })

  it('hold a key and what stands beside it', () => {
    const plain = fc.string({ minLength: 1 }).filter((key) => !/[{}]/.test(key))
    fc.assert(fc.property(plain, (key) => slotOf(besides('p:', key)) === slotOf(key)))
    fc.assert(
      fc.property(plain, plain, (key, tag) => slotOf(besides('p:', `${key}{${tag}}`)) === slotOf(`${key}{${tag}}`)),
    )
    expect(besides('p:', 'a')).not.toBe(besides('p:', '{a}'))
  })
})

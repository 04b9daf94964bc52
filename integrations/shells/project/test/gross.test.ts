import { expect, test } from 'vitest'
import { gross } from '../src/gross.ts'

test('gross', async () => {
  expect(await gross(10)).toBe(12)
  expect(gross.version).toMatch(/^t1-/)
})

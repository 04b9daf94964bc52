import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withAutocache } from '@autocache/next/config'
import { afterAll, expect, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'next-config-'))
writeFileSync(join(root, 'package.json'), '{ "name": "shop", "private": true }')
writeFileSync(join(root, 'page.ts'), 'export const one = 1\n')
afterAll(() => rmSync(root, { recursive: true }))

const building = 'phase-production-build'
const rules = '*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'

test('it keeps what the configuration has: rules, webpack, env, and a function that makes it', async () => {
  const own = { loaders: ['own-loader'] }
  const config = await withAutocache(
    async (phase) => ({
      env: { PHASE: phase },
      turbopack: { rules: { '*.svg': own, [rules]: own } },
      webpack: (given: { plugins: unknown[] }) => ({ ...given, mine: true }),
    }),
    { root },
  )(building, {})
  expect(config.env).toEqual({ PHASE: building, AUTOCACHE_NEXT: 'on', AUTOCACHE_NAMESPACE: 'shop' })
  expect(config.turbopack!.rules).toMatchObject({
    '*.svg': own,
    [rules]: [{ condition: { not: 'foreign' }, loaders: [{ options: { root, generation: 0 } }] }, own],
  })
  const webpack = config.webpack as unknown as (given: object, hints: object) => { mine: boolean; plugins: unknown[] }
  expect(webpack({ plugins: [] }, { isServer: true, dir: root })).toMatchObject({ mine: true, plugins: [{}] })
  expect(webpack({ plugins: [] }, { isServer: false, dir: root })).toEqual({ mine: true, plugins: [] })
})

test('a server that is started analyses nothing, and neither does one that is switched off', async () => {
  const config = await withAutocache({}, { root, namespace: 'mine' })('phase-production-server', {})
  expect(config).toEqual({ env: { AUTOCACHE_NEXT: 'on', AUTOCACHE_NAMESPACE: 'mine' } })
  expect(await withAutocache({}, { root, enabled: false })(building, {})).toEqual({
    env: { AUTOCACHE_NEXT: 'off', AUTOCACHE_NAMESPACE: 'shop' },
  })
})

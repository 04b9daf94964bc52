import autocache from '@autocache/unplugin/vitest'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [autocache()],
  test: { include: ['test/*.test.ts'] },
})

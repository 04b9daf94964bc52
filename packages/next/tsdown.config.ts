import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/config.ts', 'src/cache-handler.ts'],
  deps: { neverBundle: [/^next($|\/)/, /^@autocache\//, /^node:/] },
  platform: 'node',
  fixedExtension: false,
  dts: true,
})

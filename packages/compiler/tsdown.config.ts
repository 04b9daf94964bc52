import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/runtime.ts'],
  platform: 'node',
  fixedExtension: false,
  dts: true,
})

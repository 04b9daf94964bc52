import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/main.ts', 'src/child.ts', 'src/compiler.ts'],
  fixedExtension: false,
  dts: false,
})

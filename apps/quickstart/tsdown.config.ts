import autocache from '@autocache/unplugin/rolldown'
import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/main.ts'],
  fixedExtension: false,
  dts: false,
  plugins: [autocache({ report: 'error' })],
})

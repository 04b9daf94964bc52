import autocache from '@autocache/unplugin/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [autocache()],
  build: { ssr: 'src/main.ts', outDir: 'out/vite', target: 'node20', minify: true, sourcemap: true },
})

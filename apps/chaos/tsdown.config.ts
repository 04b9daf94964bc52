import { defineConfig } from 'tsdown'

export default defineConfig({ entry: ['src/main.ts', 'src/worker.ts'], fixedExtension: false, dts: false })

import { defineConfig } from 'tsdown'

export default defineConfig({ entry: ['src/bin.ts'], platform: 'node', dts: false, fixedExtension: false })

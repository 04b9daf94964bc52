import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: [
    'src/bun.ts',
    'src/esbuild.ts',
    'src/hooks.ts',
    'src/loader.ts',
    'src/register.ts',
    'src/rolldown.ts',
    'src/rollup.ts',
    'src/rspack.ts',
    'src/vite.ts',
    'src/vitest.ts',
    'src/webpack.ts',
  ],
  platform: 'node',
  fixedExtension: false,
  dts: true,
  // The loader and the hooks are found by their files, beside the shell that names them.
  unbundle: true,
})

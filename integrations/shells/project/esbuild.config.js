import autocache from '@autocache/unplugin/esbuild'

export default {
  entryPoints: ['src/main.ts'],
  bundle: true,
  outfile: 'out/esbuild/main.js',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  sourcemap: true,
  external: ['@autocache/*', 'keyv', '@keyv/*', 'vat-format'],
  plugins: [autocache()],
}

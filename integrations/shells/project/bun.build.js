import autocache from '@autocache/unplugin/bun'

await Bun.build({
  entrypoints: ['src/main.ts'],
  outdir: 'out/bun',
  target: 'node',
  minify: true,
  external: ['@autocache/*', 'keyv', '@keyv/*', 'vat-format'],
  plugins: [autocache()],
})

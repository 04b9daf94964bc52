import autocache from '@autocache/unplugin/rolldown'

export default {
  input: 'src/main.ts',
  output: { file: 'out/rolldown/main.js', minify: true, sourcemap: true },
  platform: 'node',
  external: [/^@autocache\//, /^@?keyv/, 'vat-format'],
  plugins: [autocache()],
}

import autocache from '@autocache/unplugin/rspack'

const swc = {
  jsc: { parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true }, target: 'es2022' },
}

export default {
  mode: 'production',
  target: 'node20',
  entry: './src/main.ts',
  output: { path: `${import.meta.dirname}/out/rspack`, filename: 'main.js', module: true, chunkFormat: 'module' },
  externalsType: 'module',
  externals: [/^@autocache\//, /^@?keyv/, 'vat-format'],
  devtool: 'source-map',
  cache: { type: 'persistent' },
  module: { rules: [{ test: /\.ts$/, loader: 'builtin:swc-loader', options: swc, type: 'javascript/auto' }] },
  plugins: [autocache()],
}

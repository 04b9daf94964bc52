import autocache from '@autocache/unplugin/webpack'

export default {
  mode: 'production',
  target: 'node20',
  entry: './src/main.ts',
  experiments: { outputModule: true },
  output: { path: `${import.meta.dirname}/out/webpack`, filename: 'main.js', module: true, chunkFormat: 'module' },
  externalsType: 'module',
  externals: [/^@autocache\//, /^@?keyv/, 'vat-format'],
  devtool: 'source-map',
  cache: { type: 'filesystem' },
  module: { rules: [{ test: /\.ts$/, loader: 'esbuild-loader', options: { target: 'es2022' } }] },
  plugins: [autocache()],
}

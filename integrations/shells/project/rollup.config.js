import autocache from '@autocache/unplugin/rollup'
import json from '@rollup/plugin-json'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import esbuild from 'rollup-plugin-esbuild'

export default {
  input: 'src/main.ts',
  output: { file: 'out/rollup/main.js', sourcemap: true },
  external: [/^@autocache\//, /^@?keyv/, 'vat-format'],
  plugins: [autocache(), nodeResolve({ extensions: ['.ts', '.js'] }), json(), esbuild({ target: 'es2022' })],
}

/** The smallest useful import of core, bundled as a browser would get it, minified and gzipped. */
export default [
  {
    name: "import { cached, memoryStore } from '@autocache/core'",
    path: 'packages/core/dist/index.js',
    import: '{ cached, memoryStore }',
    // The bar is 7 kB and is missed: docs/decisions/0007-size.md, which says what raised this. Else only ever lower it.
    limit: '20.5 kB',
    gzip: true,
    // Without our tsconfig, whose `paths` lead to sources: users have no such thing.
    modifyEsbuildConfig: (config) => ({ ...config, tsconfigRaw: {} }),
  },
]

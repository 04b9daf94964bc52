import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/codec.ts',
    'src/plumbing.ts',
    'src/testing.ts',
    // Behind `imports` in package.json: whoever runs or bundles us picks one by its conditions.
    'src/platform/*.ts',
  ],
  deps: { neverBundle: [/^#/, /^node:/] },
  platform: 'neutral',
  dts: true,
  // A module for each source file: a bundler drops the files that a user does not need, not parts of a larger one.
  unbundle: true,
})

// `vitest run --config vitest.stamped.mjs`: unit tests beside the sources, with stamps of their own scheme.
import autocache from '@autocache/unplugin/vitest'

export default { plugins: [autocache()], test: { include: ['src/**/*.spec.ts'], watch: false } }

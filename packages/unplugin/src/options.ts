/** What every shell takes. What the code means stands in `autocache.config.json` and not here: shells must agree on it. */
import type { AnalyzeOptions, Level } from '@autocache/compiler'

/** Options that can be written as JSON: what a loader is given. */
export interface LoaderOptions extends Pick<AnalyzeOptions, 'config' | 'files' | 'cache' | 'scheme'> {
  /** The folder of the program. @default the root of the host, or the working directory */
  readonly root?: string
  /** A tsconfig, or `compilerOptions`, for all files. @default the nearest tsconfig.json of each file */
  readonly tsconfig?: AnalyzeOptions['tsconfig']
  /**
   * From which level on a diagnostic fails the build; what is below is a warning of the host. The level of each code is set
   * by `config.diagnostics`. @default 'error'
   */
  readonly failOn?: 'error' | 'warning' | 'never'
  /** From which level on a diagnostic is shown. @default 'warning' */
  readonly report?: Level | 'none'
  /** `false`: nothing is stamped, and the program is built as it is. @default true */
  readonly enabled?: boolean
}

/** Options of a shell. */
export interface ShellOptions extends LoaderOptions {
  /**
   * Where a specifier leads, for a resolution of the host that this shell does not know: an absolute path, `false` for what the
   * host leaves alone, `undefined` for the rules of Node and TypeScript. Aliases of Vite, webpack, Rspack and esbuild are known.
   */
  readonly resolve?: AnalyzeOptions['resolve']
  /** Writes the manifest after a build: `true` for `autocache.manifest.json` in the root, or a path. @default false */
  readonly manifest?: boolean | string
}

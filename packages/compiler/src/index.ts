/** Versions of functions from their sources. `analyze` is the way in; the rest is what it takes and gives. */
export {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  type CachedSource,
  type VersionedFunction,
} from './analyze.ts'
export type { CompilerConfig } from './config.ts'
export { type Diagnostic, type DiagnosticCode, defaultLevels, type Level, type Position } from './diagnostics.ts'
export type { EmittedFile, EmittedProblem, StampedEmitted } from './emitted.ts'
export { type FolderPlan, outputFolder, type PlannedFile, planFile, planFolder } from './emitted-folder.ts'
export { CompilerError, type CompilerErrorCode } from './errors.ts'
export {
  compilerContract,
  type Manifest,
  type ManifestDefinition,
  type ManifestFunction,
  manifestFile,
  readManifest,
  writeManifest,
} from './manifest.ts'
export type { CachedUse, Capture, EnvRead, Receiver } from './model.ts'
export type { PackageMode } from './packages.ts'
export type { Reached, ReachedPackage, Via } from './reached.ts'
export { type Seal, stampContract } from './stamps.ts'
export type { StampedFunction, Transformed } from './transform.ts'

/** The text of a diagnostic: what happened, and what to do about it. Where it happened stands beside it. */
import type { DiagnosticCode } from './diagnostics.ts'

const texts: Readonly<Record<DiagnosticCode, (what: string) => string>> = {
  eval: (what) =>
    `${what} runs code that only the running program knows, so no version can cover it. Replace it, or give the function a \`version\` of your own.`,
  'env-dynamic': (what) =>
    `${what} reads the environment by a name that is not in the source, so its value cannot join the key. Read it as process.env.NAME, or pass it in through \`deps\`.`,
  'mutable-capture': (what) =>
    `${what} changes while the program runs, and its value is not in the key. Pass it as an argument, list it in \`deps\`, or make it constant.`,
  'request-context': (what) =>
    `${what} belongs to one request, and a cached value is handed to others. Pass what is needed as an argument, or put it in the key with \`partition\`.`,
  uncapturable: (what) =>
    `${what} cannot be part of a key. Leave it out with \`deps: { ignore: [...] }\`, or derive the key with \`key\`.`,
  'dynamic-function': (what) =>
    `Which function ${what} is, only the running program knows, so no version follows its code and it gets no stamp. Name the function, choose it inside of one that is written out (\`cached((id) => choose(id)(id))\`), or give a \`version\` of your own.`,
  'parse-error': (what) =>
    `The file could not be parsed (${what}). Until it can, its whole text counts as the version of all that it exports.`,
  unreadable: (what) => `The file could not be read as a source: ${what}.`,
  'lockfile-mismatch': (what) => `What is installed is not what the lockfile says: ${what}.`,
  'other-text': () =>
    'What was handed over is not the text of the file, so no version fits it, and its functions have none. Run autocache before what changes sources, and save the file.',
  emitted: (what) =>
    `The emitted file has no certain place for its version: ${what}. Compile for ES2022 without minifying, or use the plugin of a bundler or the Node loader.`,
  unresolved: (what) =>
    `${what} leads nowhere, so code behind it is not in the version. Correct the specifier, install the package, or tell the compiler how your bundler resolves it.`,
  'dynamic-import': (what) =>
    `${what} imports a module that only the running program knows, so its code is not in the version. Import by a literal, or by a template with a fixed folder.`,
  'dynamic-require': (what) =>
    `${what} requires a module that only the running program knows, or not always. Require it by a literal at the top of the module.`,
  'impure-time': (what) => `${what} reads the clock: a cached value keeps the time of the call that filled it.`,
  'impure-random': (what) => `${what} is random: a cached value repeats what the first call drew.`,
  'impure-init': (what) =>
    `${what} is evaluated once with the module, and its result is neither in the version nor in the key. Move it into the function, or list it in \`deps\`.`,
  'locale-tz': (what) =>
    `${what} depends on the locale or time zone of the process. Name the locale and time zone, or put them in the key.`,
  'unknown-syntax': (what) =>
    `${what} is not known to this version of the compiler: the source text stands for it, so formatting changes the version. Update @autocache/compiler.`,
  'outside-root': (what) =>
    `${what} lies outside the root. It is in the versions, but code beside it that changes what it exports is seen only when imported: choose a root that holds both.`,
  'location-dependent': (what) =>
    `${what} depends on where the file lies, which is not in the version. Resolve the path outside of the cached function.`,
  'foreign-mutation': (what) =>
    `${what} is changed by a module that this function does not import. The change is in the version, but not the order in which modules run: import that module here.`,
  unstamped: (what) =>
    `${what} holds options of an instance that are not written here, so a \`key\` or \`deps\` among them gets no version: what such a \`key\` calls is not in the version of what the instance caches. Write both beside \`createAutocache\`.`,
  'no-lockfile': (what) =>
    `${what} is in no lockfile: what is installed identifies it. Commit a lockfile to have the same versions everywhere.`,
  io: (what) =>
    `${what} reaches outside of the program: what it answers is not in the key. Give the function a \`ttl\`.`,
}

/** The message of a diagnostic. `what` is what the finding says was found, and never a value. */
export const messageOf = (code: DiagnosticCode, what: string): string => texts[code](what)

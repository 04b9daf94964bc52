/**
 * `autocache`: the commands, their options, and how they end.
 *
 * Results go to standard output, everything else to standard error. What a user can set right is one message; what we
 * did wrong is one line that asks for a report, with the stack behind `--debug`.
 */
import { createRequire } from 'node:module'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { diff } from './diff.ts'
import { exitCodes, messageOf, UserError } from './errors.ts'
import { explain } from './explain.ts'
import { gc } from './gc.ts'
import { check, list } from './list.ts'
import { manifest } from './manifest.ts'
import { type CommonOptions, type Compiler, type Context, isCompilerError, resolveRoot } from './program.ts'
import { stamp } from './stamp.ts'
import { type Io, Terminal } from './terminal.ts'
import { clean } from './text.ts'
import { version } from './version.ts'

/** What can be replaced: tests bring an analysis of their own. */
export interface RunOptions {
  readonly compiler?: () => Promise<Compiler>
}

const loadCompiler = async (): Promise<Compiler> => await import('@autocache/compiler')

/** Runs one command line, without the names of the interpreter and of the command, and returns the exit code. */
export async function run(
  argv: readonly string[],
  io: Io,
  { compiler = loadCompiler }: RunOptions = {},
): Promise<number> {
  let code: number = exitCodes.fine
  // For what happens before the options are known.
  let terminal = new Terminal(io, !argv.includes('--no-color'))
  const debug = argv.includes('--debug')

  const program = new Command('autocache')
    .description('Versions of cached functions: what they are, why, and what a change makes cold.')
    .version(ownVersion(), '-V, --version', 'print the version of this command')
    .option('--root <folder>', 'folder of the program (default: the current folder)')
    .option('--tsconfig <file>', 'tsconfig.json to use (default: the nearest one of each file)')
    .option('--no-cache', 'do not read or write the cache on disk')
    .option('--json', 'print JSON')
    .option('--no-color', 'print without colours (so does NO_COLOR)')
    .option('--debug', 'print the stack of an unexpected error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => terminal.note(text.replace(/^error: /, 'autocache: ').trimEnd()),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('Run `autocache --help` for the commands and options.')
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 fine, 1 findings, 2 wrong use or a failure that the message explains.')

  const command =
    <TArgs extends unknown[]>(action: (context: Context, ...args: TArgs) => Promise<number>) =>
    async (...args: unknown[]): Promise<void> => {
      const self = args.pop() as Command
      const options = self.optsWithGlobals<CommonOptions>()
      terminal = new Terminal(io, options.color)
      const context: Context = { io, terminal, options, root: resolveRoot(io, options.root), compiler }
      code = await action(context, ...(args as TArgs))
    }

  program
    .command('list')
    .description('list every cached function, its version and what it reaches')
    .action(command(list))

  program
    .command('version')
    .description("print the versions of exports, cached or not; '<glob>#*' means every export of some files")
    .argument('<file#export...>', 'such as src/price.ts#total')
    .action(command(version))

  program
    .command('explain')
    .description('tell why a function has its version, or why it is not what it was')
    .argument('<target>', 'the label of a cached function, or <file>#<export>')
    .option('--since <revision|manifest>', 'compare with an older state')
    .action(command(explain))

  program
    .command('diff')
    .description('tell what a change makes cold, and what stays warm although its file was edited')
    .argument(
      '[base..head]',
      'revisions or manifests (default: from where the default branch was left to the working tree)',
    )
    .option('--markdown', 'print a comment for a pull request')
    .option('--fail-on-cold', 'exit with 1 when functions lose their entries')
    .option('--store <url>', 'look there for entries of the new versions: after a rollback they are warm')
    .option('--namespace <name...>', 'namespaces to look at in it (default: the name of the nearest package)')
    .option('--table <name>', 'table of a database', (name: string) => checkedTable(name), 'keyv')
    .action(command(diff))

  program
    .command('check')
    .description('print the diagnostics, and exit with 1 when there are errors')
    .action(command(check))

  program
    .command('manifest')
    .description('write the manifest, with which explain, diff and gc compare')
    .option('--out <file>', "where to write it (default: autocache.manifest.json in --root; '-' is standard output)")
    .action(command(manifest))

  program
    .command('stamp')
    .description('write versions into what tsc or swc wrote; to be run after every build')
    .argument('<outDir>', 'the folder that the compiler wrote, with source maps')
    .option('--check', 'write nothing, and exit with 1 when there is something to write')
    .action(command(stamp))

  program
    .command('gc')
    .description('remove entries of versions that no kept manifest names')
    .requiredOption(
      '--store <url>',
      'redis://, rediss://, sqlite:<path>, postgres:// or mysql://, written through Keyv',
    )
    .requiredOption('--keep <manifest...>', 'manifests of every build that still runs')
    .option('--namespace <name...>', 'namespaces to look at (default: the name of the nearest package)')
    .option('--grace <duration>', 'keep entries younger than this', '7d')
    .option('--table <name>', 'table of a database', (name: string) => checkedTable(name), 'keyv')
    .option('--dry-run', 'count, and remove nothing')
    .action(command(gc))

  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and the version are answers; all else of this kind is a command line that means nothing.
      return error.exitCode === 0 ? exitCodes.fine : exitCodes.wrong
    }
    if (error instanceof UserError || isCompilerError(error)) {
      terminal.note(`autocache: ${error.message}`)
      if (debug) terminal.note(stackOf(error))
      return exitCodes.wrong
    }
    terminal.note(
      `autocache: unexpected error: ${clean(messageOf(error))}. This is a bug in autocache: please report it with the output of the same command and --debug.`,
    )
    if (debug) terminal.note(stackOf(error))
    return exitCodes.bug
  }
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${stackOf(error.cause)}` : ''
  return stack + cause
}

function checkedTable(name: string): string {
  if (/^[^\0.]+(?:\.[^\0.]+)?$/.test(name)) return name
  throw new InvalidArgumentError('Write <table> or <schema>.<table>.')
}

function ownVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  return version
}

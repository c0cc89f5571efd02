import { existsSync, readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isXfelError } from '../core/errors.ts';
import type { WarningCallback } from '../data/data-warning.ts';
import { packageJsonPath } from '../platform/node/asset-paths.ts';
import { COMMANDS, summaryOf } from './command-table.ts';
import { type CliContext, runTargetOf } from './context.ts';

function makeContext(isQuiet: () => boolean, signal: AbortSignal): CliContext {
  const note = (text: string) => {
    if (!isQuiet()) process.stderr.write(text);
  };
  const warn: WarningCallback = ({ kind, message }) => {
    // Old names are for old programs: nobody at a terminal needs to hear of them.
    if (kind !== 'legacy-name') note(`hutch: ${message}\n`);
  };
  return {
    write: (text) => void process.stdout.write(text),
    note,
    isTerminal: Boolean(process.stderr.isTTY),
    signal,
    openRun: async (run, { dataRoot = process.env['EXTRA_DATA_DATA_ROOT'], ...options } = {}) => {
      const { openRun } = await import('../platform/node/open-run.ts');
      return openRun(runTargetOf(run, dataRoot, existsSync), { onWarning: warn, ...options });
    },
    findRunPaths: async (run, { dataRoot = process.env['EXTRA_DATA_DATA_ROOT'], origin } = {}) => {
      const { findRunPaths } = await import('./run-paths.ts');
      const { nodeFileStore } = await import('../platform/node/file-store.ts');
      return findRunPaths(nodeFileStore, run, { dataRoot, origin });
    },
    exitWith: (code) => {
      process.exitCode = code;
    },
  };
}

/** Reads the version that `hutch --version` prints. */
function readVersion(): string {
  return (JSON.parse(readFileSync(packageJsonPath(), 'utf8')) as { version: string }).version;
}

/** What a failed system call on a file was about; undefined for anything else. */
function systemReason(error: unknown): string | undefined {
  const { code, syscall, path, dest } = error as { code?: string; syscall?: string; path?: string; dest?: string };
  if (typeof code !== 'string' || typeof syscall !== 'string') return undefined;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'your quota is used up',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the disk is read-only',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EEXIST: 'a part of the path is a file, not a folder',
    EISDIR: 'it is a folder',
  };
  // A file that was written beside its place failed to get its name: that is what the user knows.
  return `${dest ?? path ?? 'The output'} cannot be written (${reasons[code] ?? `${code} in ${syscall}`}). Choose another place, or make room.`;
}

/** Says what went wrong in one or two lines; a stack only when asked. Returns the exit code. */
function report(error: unknown, isDebug: boolean): number {
  // What the system refuses (a full disk, a folder that may not be written) is nobody's bug.
  const fromSystem = systemReason(error);
  const text = fromSystem ?? (error instanceof Error ? error.message : String(error));
  process.stderr.write(`hutch: ${text}\n`);
  const isOurs = isXfelError(error) || fromSystem !== undefined;
  if (isDebug && error instanceof Error)
    process.stderr.write(`${error.stack}\n${error.cause ? `cause: ${String(error.cause)}\n` : ''}`);
  else if (!isOurs)
    process.stderr.write('This is a bug of Hutch. Run the command again with --debug for the details.\n');
  return isXfelError(error, 'Usage') || isXfelError(error, 'EndpointInvalid') ? 2 : 1;
}

async function main(given: readonly string[]): Promise<number> {
  // `help ls` is `ls --help`, so that only the one module is loaded.
  const argv = given[0] === 'help' && given.length > 1 ? [...given.slice(1), '--help'] : given;
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new DOMException('Interrupted', 'AbortError')));
  process.once('SIGTERM', () => interrupted.abort(new DOMException('Terminated', 'AbortError')));
  // `hutch ls | head` closes the pipe early: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  const program = new Command('hutch')
    .description('European XFEL data: run files, Karabo bridge, live pages')
    .version(readVersion())
    .option('--debug', 'show stacks of errors')
    .option('--quiet', 'no remarks, no progress')
    .enablePositionalOptions()
    .exitOverride();
  const context = makeContext(() => Boolean(program.opts()['quiet']), interrupted.signal);
  const word = argv.find((argument) => !argument.startsWith('-'));
  const called = word !== undefined && Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (called) (await called.load())(program, context);
  else for (const [name, entry] of Object.entries(COMMANDS)) program.command(name).description(summaryOf(entry));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has already said what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interrupted.signal.aborted) return 130;
    return report(error, Boolean(program.opts()['debug']));
  }
}

const code = await main(process.argv.slice(2));
// The command is done: whatever still waits (an idle thread, a socket) must not keep the terminal. Words go out first.
process.exitCode = code;
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));

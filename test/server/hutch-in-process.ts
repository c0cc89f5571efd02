import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { type AddCommand, type CliContext, runTargetOf } from '../../src/cli/context.ts';
import { findRunPaths } from '../../src/cli/run-paths.ts';
import { isXfelError } from '../../src/core/errors.ts';
import { nodeFileStore } from '../../src/platform/node/file-store.ts';
import { openRun } from '../../src/platform/node/open-run.ts';

/** How a command ended in this process. */
export interface EndedHere {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command in this process, as the program would: many processes would take minutes. */
export async function runHere(add: AddCommand, args: readonly string[], dataRoot?: string): Promise<EndedHere> {
  const text = { stdout: '', stderr: '' };
  let code = 0;
  const context: CliContext = {
    write: (part) => {
      text.stdout += part;
    },
    note: (part) => {
      text.stderr += part;
    },
    isTerminal: false,
    signal: new AbortController().signal,
    openRun: (run, options) =>
      openRun(runTargetOf(run, options?.dataRoot ?? dataRoot, existsSync), { onWarning: () => undefined, ...options }),
    findRunPaths: (run, options) =>
      findRunPaths(nodeFileStore, run, { dataRoot: options?.dataRoot ?? dataRoot, origin: options?.origin }),
    exitWith: (wanted) => {
      code = wanted;
    },
  };
  const program = new Command('hutch').enablePositionalOptions().exitOverride();
  program.configureOutput({ writeOut: context.write, writeErr: context.note });
  add(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : 2;
    else if (isXfelError(error)) {
      text.stderr += `hutch: ${error.message}\n`;
      code = isXfelError(error, 'Usage') ? 2 : 1;
    } else throw error;
  }
  return { code, ...text };
}

// Running other programs from the project's tools.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program with its output on this terminal; returns its exit status. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env });
  if (error) console.error(`${program}: ${error.message}`);
  return status ?? 1;
}

/** Whether a program can be started and says its version. */
export function hasProgram(program: string, args: readonly string[] = ['--version']): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Runs a package's program with this Node. @param bin path below node_modules */
export function runBin(bin: string, args: readonly string[], env?: NodeJS.ProcessEnv): number {
  return run(process.execPath, [join(root, 'node_modules', bin), ...args], env);
}

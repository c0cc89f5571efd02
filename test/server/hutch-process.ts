import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `hutch`. */
export interface HutchProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits for a text on standard output or error. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** How to start `hutch`. */
export interface HutchOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Of whom: tests of permissions need somebody who is not root. */
  readonly uid?: number;
}

/** Starts `hutch` from source. */
export function startHutch(args: readonly string[], { env, uid }: HutchOptions = {}): HutchProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, EXTRA_DATA_DATA_ROOT: undefined, ...env },
    uid,
  });
  const text = { stdout: '', stderr: '' };
  const look = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const each of look) each();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text }));
  });
  const said = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(text.stdout + text.stderr);
        if (!match) return;
        look.delete(check);
        resolve(match);
      };
      look.add(check);
      check();
      ended.then(() => reject(new Error(`ended without saying ${pattern}: ${text.stdout}${text.stderr}`)), reject);
    });
  return { child, ended, said };
}

/** Runs `hutch` to its end. */
export function runHutch(args: readonly string[], options?: HutchOptions): Promise<Ended> {
  return startHutch(args, options).ended;
}

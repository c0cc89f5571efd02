import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { moduleUrl } from './module-url.ts';

/** What opening a file in a process of its own gave. */
export interface Readability {
  readonly path: string;
  /** `error`: the system or the file refused; `away`: dCache says so; `timeout`: nothing happened in time. */
  readonly state: 'readable' | 'timeout' | 'error' | 'away';
  /** For people: `file on GPFS but stat hangs`. */
  readonly reason: string;
  /** s it took to open a readable file; null for others. */
  readonly accessTime: number | null;
}

/** Processes at once: each lives for a fraction of a second. */
const MOST_PROCESSES = 32;

/**
 * Opens each file in a process of its own that is ended if it takes too long, so that a file system that hangs is found out.
 * @param options.timeout s for each file
 * @param options.onFile called after each file
 * @returns in the order of `paths`
 * @source EXtra-data cli/check_readable.py
 */
export async function checkReadable(
  paths: readonly string[],
  options: {
    readonly timeout: number;
    readonly signal?: AbortSignal;
    readonly onFile?: (file: Readability) => void;
  },
): Promise<Readability[]> {
  const found: Readability[] = [];
  let next = 0;
  const work = async () => {
    while (next < paths.length) {
      options.signal?.throwIfAborted();
      const i = next++;
      found[i] = await checkFile(paths[i], options.timeout, options.signal);
      options.onFile?.(found[i]);
    }
  };
  const processes = Math.min(MOST_PROCESSES, availableParallelism(), paths.length);
  await Promise.all(Array.from({ length: processes }, work));
  return found;
}

function checkFile(path: string, timeout: number, signal?: AbortSignal): Promise<Readability> {
  const worker = fileURLToPath(moduleUrl('./readable-worker', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, worker, path], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    const settle = (state: Readability['state']) => {
      clearTimeout(timer);
      const reason = said.trimEnd().split('\n').at(-1) || 'status unknown, no output from the check';
      const [, time] = /^readable ([\d.]+)$/.exec(reason) ?? [];
      if (state !== 'timeout' && time !== undefined)
        resolve({ path, state: 'readable', reason: 'readable', accessTime: Number(time) });
      else resolve({ path, state, reason, accessTime: null });
    };
    const timer = setTimeout(() => {
      // A process that waits for a dead file system may not even end when killed: nobody waits for it.
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
      settle('timeout');
    }, timeout * 1000);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => settle(code === 0 ? 'away' : 'error'));
  });
}

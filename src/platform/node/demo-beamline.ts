import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '../../core/cancel.ts';
import { Unsupported } from '../../core/errors.ts';
import { findFreePort } from './free-port.ts';
import { moduleUrl } from './module-url.ts';

/** An example proposal on disk and a simulated bridge that replays its data run. */
export interface DemoBeamline {
  /** The data root that holds the example proposal. */
  readonly dataRoot: string;
  /** Folder of the example proposal. */
  readonly proposalPath: string;
  /** Bridge endpoint, `tcp://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Stops the simulator. */
  close(): Promise<void>;
}

/** Where and how the demo runs. */
export interface DemoOptions {
  /** Folder of the example; made when it is not there yet. */
  readonly dataRoot?: string;
  /** Trains per second of the simulated bridge. */
  readonly rate?: number;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Raised whenever the example changes, so that an old folder is not taken for the new example. */
const EXAMPLE_VERSION = 1;

/**
 * Makes the example proposal if it is not there, and starts a simulated Karabo bridge that replays its data run for ever.
 * The simulator is a process of its own, as a real bridge is; when it dies it is started again on the same endpoint.
 * @throws Unsupported if the example cannot be made or the simulator does not start
 */
export async function startDemoBeamline(options: DemoOptions): Promise<DemoBeamline> {
  const dataRoot = options.dataRoot ?? defaultDemoRoot();
  const proposalPath = join(dataRoot, 'XMPL', '202601', 'p700000');
  if (!existsSync(proposalPath)) {
    options.log(`Making the example proposal in ${dataRoot} (once, about half a minute) ...`);
    await mkdir(dataRoot, { recursive: true });
    await runToEnd(['example', dataRoot], options.signal);
  }
  const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
  const simulator = superviseSimulator(
    ['bridge', 'sim', endpoint, '--run', join(proposalPath, 'raw', 'r0004'), '--rate', String(options.rate ?? 10)],
    options.log,
  );
  return { dataRoot, proposalPath, endpoint, close: simulator.close };
}

function defaultDemoRoot(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'hutch', `example-${EXAMPLE_VERSION}`);
}

function spawnHutch(args: readonly string[], stdio: 'inherit-errors' | 'piped'): ChildProcess {
  const main = fileURLToPath(moduleUrl('../../cli/main', import.meta.url));
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', stdio === 'piped' ? 'pipe' : 'ignore', stdio === 'piped' ? 'pipe' : 'inherit'],
  });
}

function runToEnd(args: readonly string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawnHutch(args, 'inherit-errors');
    const onAbort = () => child.kill('SIGINT');
    signal?.addEventListener('abort', onAbort, { once: true });
    child.once('error', reject);
    child.once('exit', (code) => {
      signal?.removeEventListener('abort', onAbort);
      if (code === 0) resolve();
      else
        reject(
          new Unsupported(
            `hutch ${args.join(' ')} ended with code ${code}. Its message is above; is the disk full or the folder read-only?`,
          ),
        );
    });
  });
}

function superviseSimulator(args: readonly string[], log: (line: string) => void): { close(): Promise<void> } {
  let isClosing = false;
  let child: ChildProcess;
  let ended: Promise<void>;
  const start = () => {
    child = spawnHutch(args, 'piped');
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.stdout?.resume();
    ended = new Promise((resolve) => {
      child.once('exit', async (code) => {
        resolve();
        if (isClosing) return;
        log(`The simulated bridge ended (code ${code}); starting it again. ${errors.trim()}`);
        await sleep(1000);
        if (!isClosing) start();
      });
    });
  };
  start();
  return {
    async close() {
      isClosing = true;
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(2000)]);
      child.kill('SIGKILL');
    },
  };
}

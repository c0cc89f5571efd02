// The demo server as a process, and Chromium in front of it: what screenshots, the browser's bench and browser tests need.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { root } from './process.ts';

/** Debian's Chromium. */
export const CHROMIUM = '/usr/bin/chromium';

/** A program of the command line that runs until it is stopped. */
export interface RunningProgram {
  readonly process: ChildProcess;
  /** What it was waited for: the first group of the pattern. */
  readonly found: string;
  stop(): Promise<void>;
}

/** Starts `hutch ARGS` and waits until its output holds `pattern`. @throws Error with its output if it ends before */
export async function startHutch(args: readonly string[], pattern: RegExp): Promise<RunningProgram> {
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(root, 'src', 'cli', 'main.ts'),
    ...args,
  ]);
  const found = await new Promise<string>((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match) resolve(match[1] ?? match[0]);
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('exit', () => reject(new Error(`hutch ${args.join(' ')} ended: ${text}`)));
  });
  return {
    process: child,
    found,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Starts the demo on a free port; `found` is its address. @param dataRoot folder of the example, made when it is not there */
export function startDemo(dataRoot: string | null, more: readonly string[] = []): Promise<RunningProgram> {
  const place = dataRoot === null ? [] : ['--data-root', dataRoot];
  return startHutch(['serve', '--demo', '--port', '0', ...place, ...more], /Hutch is at (http:\S+)/);
}

/** Chromium without a screen and without a GPU: pages are put together by the CPU, WebGL is there but drawn in software. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader'],
  });
}

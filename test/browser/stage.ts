import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { openChromium, type RunningProgram, startDemo } from '../../tools/demo-browser.ts';

/** Folder of the golden runs that are not below a proposal. */
export const golden = join(import.meta.dirname, '..', 'golden', 'extra-data', 'runs');
/** The golden run that is. */
export const GOLDEN_RUN = join(golden, '..', 'root', 'SPB', '202301', 'p900001', 'raw', 'r0034');
/** Runs of the second proposal: number and what they are copies of. */
const OTHER_RUNS = { 1: 'validate/truncated', 2: 'validate/not-hdf5', 3: 'fmt10' } as const;

/** Waits until what is read is as expected; longer than a test's own patience, since the machine may be busy. */
export const until = <T>(read: () => T | Promise<T>, timeout = 20_000) => expect.poll(read, { timeout });

/** A picture as the page's own probe tells it. */
export interface Shown {
  readonly shape: number[];
  readonly data: number[];
  readonly meta: { readonly trainId: number; readonly unit: string };
}

/** One demo server, one browser, one page: shared by all browser tests. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'hutch-demo-'));
  /** Folder of bridge recordings. */
  readonly recordings = join(this.folder, 'recordings');
  /** Folder of the example proposal. */
  readonly proposal = join(this.folder, 'XMPL', '202601', 'p700000');
  /** What the console said, and which requests failed. */
  readonly said: string[] = [];
  page!: Page;
  address = '';
  #port = 0;
  #server!: RunningProgram;
  #browser!: Browser;

  async open(): Promise<void> {
    this.#port = await findFreePort();
    await this.startServer();
    for (const [run, source] of Object.entries(OTHER_RUNS)) {
      const to = join(this.folder, 'XMPL', '202601', 'p700001', 'raw', `r000${run}`);
      mkdirSync(to, { recursive: true });
      cpSync(join(golden, source), to, { recursive: true });
    }
    cpSync(join(golden, '..', 'root', 'SPB'), join(this.folder, 'SPB'), { recursive: true });
    this.#browser = await openChromium();
    this.page = await this.#browser.newPage({ viewport: { width: 1280, height: 800 } });
    this.page.on('console', (message) => this.said.push(`${message.type()}: ${message.text()}`));
    this.page.on('pageerror', (error) => this.said.push(`error: ${error.message}`));
    this.page.on('response', (response) => {
      if (response.status() >= 400) this.said.push(`${response.status()}: ${response.url()}`);
    });
  }

  /** Starts the server, always on the same port: browsers come back to it. */
  async startServer(): Promise<void> {
    this.#server = await startDemo(this.folder, ['--port', String(this.#port), '--recordings', this.recordings]);
    this.address = this.#server.found;
  }

  stopServer(): Promise<void> {
    return this.#server.stop();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Opens the Live page and waits for trains on it. */
  async openLive(): Promise<void> {
    await this.page.goto(`${this.address}/live`);
    await this.waitForTrains();
  }

  /** Waits until the page has drawn trains in the last seconds. */
  async waitForTrains(): Promise<void> {
    await this.page.waitForFunction(
      () => Number.parseFloat(document.querySelector('[data-testid="shown-hz"]')?.textContent ?? '') > 0.5,
      null,
      { timeout: 90_000 },
    );
  }

  /** The picture on screen. @throws Error while there is none */
  shownImage(kind?: string): Promise<Shown> {
    return this.page.evaluate((wanted) => {
      const image = window.hutchTest?.image(wanted);
      if (!image) throw new Error('no picture on screen');
      return {
        shape: [...image.shape],
        data: Array.from(image.data, (v) => (Number.isNaN(v) ? -1e9 : v)),
        meta: image.meta as Shown['meta'],
      };
    }, kind);
  }

  /** What is known of the picture on screen, without its pixels; null while there is none. */
  shownMeta(): Promise<Shown['meta'] | null> {
    return this.page.evaluate(() => (window.hutchTest?.image()?.meta as Shown['meta'] | undefined) ?? null);
  }

  /** The live state document as the server has it. */
  async liveState(): Promise<{
    readonly integration: { readonly distance: number; readonly centreX: number; readonly centreY: number };
    readonly roi: { readonly isOn: boolean; readonly x: number; readonly y: number; readonly width: number };
    readonly sources: readonly { readonly endpoint: string; readonly socket: string; readonly isOn: boolean }[];
  }> {
    return ((await (await fetch(`${this.address}/api/live/state`)).json()) as { state: never }).state;
  }

  /** Part of the bytes in which two PNG pictures differ by more than a little; 1 if they are of different size or tiny. */
  differingShare(one: Buffer, other: Buffer): Promise<number> {
    return this.page.evaluate(
      async (pictures) => {
        const [a, b] = await Promise.all(
          pictures.map(async (base64) => {
            const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
            const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
            context?.drawImage(image, 0, 0);
            return context?.getImageData(0, 0, image.width, image.height).data ?? new Uint8ClampedArray();
          }),
        );
        let count = 0;
        for (let i = 0; i < a.length; i++) if (Math.abs(a[i] - b[i]) > 8) count++;
        return a.length > 100_000 && a.length === b.length ? count / a.length : 1;
      },
      [one.toString('base64'), other.toString('base64')],
    );
  }
}

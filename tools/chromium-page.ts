// A page in Chromium, driven by the DevTools protocol alone. Playwright listens to every message of a page's web sockets: with
// 55 MB/s of pictures that costs more than everything else together, and what is measured is Playwright.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM } from './demo-browser.ts';

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  /** Of an event, which answers nothing. */
  readonly method?: string;
  readonly params?: unknown;
}

/**
 * Fastest on a machine without a GPU: the browser puts its pages together on the CPU. WebGL would be drawn by the CPU as well,
 * and the page sees that and fills its canvas itself.
 */
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--no-first-run',
  '--mute-audio',
];

/** One page in a Chromium of its own. */
export class ChromiumPage {
  readonly #browser: ChildProcess;
  readonly #socket: WebSocket;
  readonly #profile: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Map<string, (params: never) => void>();
  #lastId = 0;

  private constructor(browser: ChildProcess, socket: WebSocket, profile: string) {
    this.#browser = browser;
    this.#socket = socket;
    this.#profile = profile;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.method) this.#listeners.get(reply.method)?.(reply.params as never);
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  /** Starts Chromium with an empty page. @param more flags besides those that make it fast */
  static async open(width: number, height: number, more: readonly string[] = []): Promise<ChromiumPage> {
    const profile = mkdtempSync(join(tmpdir(), 'hutch-chromium-'));
    const browser = spawn(
      CHROMIUM,
      [
        ...FLAGS,
        ...more,
        `--user-data-dir=${profile}`,
        '--remote-debugging-port=0',
        `--window-size=${width},${height}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    // A tool that fails must not leave a browser behind.
    process.once('exit', () => browser.kill('SIGKILL'));
    const port = await new Promise<string>((resolve, reject) => {
      let text = '';
      browser.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /DevTools listening on ws:\/\/[^:]+:(\d+)/.exec(text);
        if (found) resolve(found[1]);
      });
      browser.once('error', reject);
      browser.once('exit', () => reject(new Error(`Chromium ended: ${text}`)));
    });
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
      readonly type: string;
      readonly webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(pages.filter(({ type }) => type === 'page')[0].webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    const page = new ChromiumPage(browser, socket, profile);
    await page.send('Page.enable');
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    return page;
  }

  /** One call of the protocol. @throws Error with Chromium's words */
  async send<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#lastId;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result as T;
  }

  /** Calls the listener for each event of a name; a name has one listener. */
  on<T>(event: string, listener: (params: T) => void): void {
    this.#listeners.set(event, listener);
  }

  async goto(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
    await this.waitFor(
      `location.href.startsWith(${JSON.stringify(url.split('?')[0])}) && document.readyState === 'complete'`,
    );
  }

  /** Value of an expression in the page; it must be JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  /** Waits until an expression is true. @throws Error after `limitMs` */
  async waitFor(expression: string, limitMs = 60_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`not true after ${limitMs / 1000} s: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Writes what is on screen as PNG. */
  async screenshot(path: string): Promise<void> {
    const { data } = await this.send<{ data: string }>('Page.captureScreenshot', { format: 'png' });
    writeFileSync(path, Buffer.from(data, 'base64'));
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#browser.once('exit', resolve));
    await Promise.race([this.send('Browser.close').catch(() => undefined), ended]);
    await ended;
    this.#socket.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

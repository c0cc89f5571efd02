// npm run screenshots: starts the demo, waits for live trains, and takes the pictures of docs/screenshots.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { ChromiumPage } from './chromium-page.ts';
import { startDemo } from './demo-browser.ts';
import { withPalette } from './png-palette.ts';
import { root } from './process.ts';

const folder = join(root, 'docs', 'screenshots');
const HEIGHTS = { 1280: 800, 1920: 1080 } as const;
/** Trains before the picture is taken: the trend needs some. */
const TREND_MS = 25_000;
const RUN = new URLSearchParams({
  source: 'XMPL_XTD2_XGM/XGM/DOOCS:output',
  key: 'data.intensityTD',
  train: '3',
  pulse: '1',
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A mean of ten trains, as people set it who want to see more than noise. */
async function averageTrains(address: string): Promise<void> {
  const { state } = (await (await fetch(`${address}/api/live/state`)).json()) as { state: object };
  await fetch(`${address}/api/live/state`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...state, movingAverage: 10 }),
  });
}

/** Waits until everything that is loading is there and has been drawn. */
async function settle(page: ChromiumPage): Promise<void> {
  await page.evaluate('document.fonts.ready.then(() => true)');
  await page.waitFor("!document.querySelector('.skeleton')");
  await sleep(1000);
}

async function shoot(address: string, width: keyof typeof HEIGHTS, theme: 'dark' | 'light'): Promise<void> {
  const page = await ChromiumPage.open(width, HEIGHTS[width]);
  const shootRoom = async (room: string) => {
    await settle(page);
    const path = join(folder, `${room}${theme === 'light' ? '-light' : ''}-${width}.png`);
    await page.screenshot(path);
    writeFileSync(path, withPalette(readFileSync(path)));
  };
  await page.send('Page.addScriptToEvaluateOnNewDocument', {
    source: `localStorage.setItem('hutch-theme', '${theme}')`,
  });
  await page.goto(`${address}/live`);
  await page.waitFor("parseFloat(document.querySelector('[data-testid=shown-hz]')?.textContent) > 5", 120_000);
  await sleep(TREND_MS);
  await shootRoom('live');
  await page.goto(`${address}/runs?proposal=p700000&run=4`);
  await page.waitFor("document.querySelector('[data-testid=run-row-4]')");
  await shootRoom('runs');
  await page.goto(`${address}/run/p700000/4?${RUN}`);
  await page.waitFor("/mean \\d/.test(document.querySelector('[data-testid=series-mean]')?.textContent)");
  await page.waitFor('hutchTest.image()');
  await shootRoom('run');
  await page.goto(`${address}/geometry?proposal=p700000&run=4`);
  await page.waitFor(
    "[...document.querySelectorAll('.prov')].some((each) => /mean of/.test(each.textContent))",
    180_000,
  );
  await page.evaluate("window.dispatchEvent(new KeyboardEvent('keydown', { key: '3' }))");
  await shootRoom('geometry');
  await page.close();
  console.log(`${width} ${theme}: done`);
}

await buildWasm();
if (buildPages() !== 0) process.exit(1);
mkdirSync(folder, { recursive: true });
// The pictures show this path.
const demo = await startDemo(join(tmpdir(), 'hutch-demo'));
try {
  await averageTrains(demo.found);
  await shoot(demo.found, 1920, 'dark');
  await shoot(demo.found, 1920, 'light');
  await shoot(demo.found, 1280, 'dark');
} finally {
  await demo.stop();
}

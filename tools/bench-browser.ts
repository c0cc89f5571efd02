// npm run bench:browser [-- --seconds 30 --width 1920 --only geometry]: the demo's server, a simulated bridge, and real Chromium with the Live
// page: 1.3 megapixels a train. How often the picture is drawn again, and how long a train takes from its source to the screen.
import { parseArgs } from 'node:util';
import type { Paint } from '../src/app/paint-clock.ts';
import { findFreePort } from '../src/platform/node/free-port.ts';
import { benchGeometryDrag } from './bench-geometry.ts';
import { type StoredResult, storeResults } from './bench-results.ts';
import { buildPages } from './build-pages.ts';
import { buildWasm } from './build-wasm.ts';
import { ChromiumPage } from './chromium-page.ts';
import { type RunningProgram, startDemo, startHutch } from './demo-browser.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    width: { type: 'string', default: '1920' },
    'data-root': { type: 'string' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const [width, height] = values.width === '1280' ? [1280, 800] : [1920, 1080];
/** Trains per second of the machine, and a rate at which the browser, not the source, is the limit. */
const RATES = [10, 15];
const WARM_UP_MS = 8000;
/** Windows that the Geometry page is measured in. */
const GEOMETRY_SIZES = [
  [1280, 800],
  [1920, 1080],
] as const;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function watch(address: string, endpoint: string): Promise<void> {
  const { state } = (await (await fetch(`${address}/api/live/state`)).json()) as { state: object };
  const reply = await fetch(`${address}/api/live/state`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...state, sources: [{ endpoint, socket: 'REQ', isOn: true }] }),
  });
  if (!reply.ok) throw new Error(await reply.text());
}

async function dataFolder(address: string): Promise<string> {
  const proposals = (await (await fetch(`${address}/api/proposals`)).json()) as { path: string }[];
  return `${proposals[0].path}/raw/r0004`;
}

async function measure(page: ChromiumPage, address: string, rate: number): Promise<StoredResult[]> {
  const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
  const run = await dataFolder(address);
  const simulator: RunningProgram = await startHutch(
    ['bridge', 'sim', endpoint, '--run', run, '--rate', String(rate)],
    /./,
  );
  try {
    await watch(address, endpoint);
    await page.waitFor("parseFloat(document.querySelector('[data-testid=shown-hz]')?.textContent) > 1", 120_000);
    await sleep(WARM_UP_MS);
    await page.evaluate('hutchTest.takePaints().length');
    const start = Date.now();
    await sleep(seconds * 1000);
    const paints = await page.evaluate<Paint[]>('hutchTest.takePaints()');
    const elapsed = (Date.now() - start) / 1000;
    if (!paints.every((paint) => paint.isFromSource)) throw new Error('the trains carry no time stamp of their source');
    const latencies = paints.map((paint) => paint.latencyMs).sort((a, b) => a - b);
    const shape = await page.evaluate<number[]>('Array.from(hutchTest.image().shape)');
    const note = `${((shape[0] * shape[1]) / 1e6).toFixed(2)} Mpixel, window ${width} x ${height}, drawn by the CPU`;
    const figure = (name: string, value: number, unit: string, limit?: string): StoredResult => ({
      bench: 'browser',
      name: `source ${rate} trains/s: ${name}`,
      value,
      unit,
      note,
      ...(limit ? { limit } : {}),
    });
    return [
      figure('redraws', paints.length / elapsed, 'pictures/s', rate > 10 ? '>= 10' : undefined),
      figure('source to screen, median', percentile(latencies, 0.5), 'ms'),
      figure('source to screen, 95 %', percentile(latencies, 0.95), 'ms'),
    ];
  } finally {
    await simulator.stop();
  }
}

await buildWasm();
if (buildPages() !== 0) process.exit(1);
const demo = await startDemo(values['data-root'] ?? null);
const results: StoredResult[] = [];
const tell = (figures: readonly StoredResult[]) => {
  for (const { name, value, unit } of figures) console.log(`${name.padEnd(48)}${value.toFixed(1).padStart(8)} ${unit}`);
  results.push(...figures);
};
const withPage = async (size: readonly [number, number], use: (page: ChromiumPage) => Promise<void>) => {
  const page = await ChromiumPage.open(...size);
  try {
    await use(page);
  } finally {
    await page.close();
  }
};
try {
  if (values.only !== 'geometry')
    await withPage([width, height], async (page) => {
      await page.goto(`${demo.found}/live`);
      for (const rate of RATES) tell(await measure(page, demo.found, rate));
    });
  if (values.only !== 'live')
    for (const size of GEOMETRY_SIZES)
      await withPage(size, async (page) => tell(await benchGeometryDrag(page, demo.found, size)));
} finally {
  await demo.stop();
}
console.log(`written to ${storeResults(results)}`);

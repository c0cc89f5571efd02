import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../src/core/ndarray.ts';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { assembleModules, snapGeometry } from '../../src/detector/snapped-geometry.ts';
import { nodeHdf5Opener } from '../../src/platform/node/hdf5-open.ts';
import { loadGeometry } from '../../src/platform/node/load-geometry.ts';

const CHROMIUM = '/usr/bin/chromium';
const PHOTON_KEV = 9.3;
const root = join(import.meta.dirname, '..', '..');

interface Shown {
  readonly shape: number[];
  readonly data: number[];
  readonly meta: { readonly trainId: number; readonly unit: string };
}

/** The picture on screen, read through the page's own probe. */
async function shownImage(page: Page): Promise<Shown> {
  return page.evaluate(() => {
    const image = (window as unknown as { hutchTest: { image(): Shown | null } }).hutchTest.image();
    if (!image) throw new Error('no picture on screen');
    return {
      shape: [...image.shape],
      data: Array.from(image.data, (v) => (Number.isNaN(v) ? -1e9 : v)),
      meta: image.meta,
    };
  });
}

/** Fraction of pixels, bright ones left out, whose value is that of the true picture. */
function agreement(shown: Shown, truth: Float32Array, tolerance: number): number {
  let right = 0;
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    if (Number.isNaN(truth[i]) || shown.data[i] === -1e9 || truth[i] >= 5) continue;
    total++;
    if (Math.abs(shown.data[i] / PHOTON_KEV - truth[i]) < tolerance) right++;
  }
  return total > 500_000 ? right / total : 0;
}

describe.skipIf(!existsSync(CHROMIUM))('the demo in Chromium (needs /usr/bin/chromium)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-demo-'));
  const proposal = join(folder, 'XMPL', '202601', 'p700000');
  const said: string[] = [];
  let server: ChildProcess;
  let browser: Browser;
  let page: Page;
  let address = '';

  beforeAll(async () => {
    server = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      join(root, 'src', 'cli', 'main.ts'),
      'serve',
      '--demo',
      '--port',
      '0',
      '--data-root',
      folder,
    ]);
    address = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /Hutch is at (http:\S+)/.exec(text);
        if (found) resolve(found[1]);
      });
      server.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      server.once('exit', () => reject(new Error(`the server ended: ${text}`)));
    });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('shows live trains, and the picture is the true one', async () => {
    await page.goto(`${address}/live`);
    await page.waitForFunction(
      () => document.querySelector('[data-testid="processed-hz"]')?.textContent?.startsWith('1'),
      null,
      { timeout: 60_000 },
    );
    await page.keyboard.press(' ');
    const shown = await shownImage(page);
    expect(shown.meta.unit).toBe('keV');

    const truth = await nodeHdf5Opener.open(join(proposal, 'usr', 'truth', 'r0004-photons.h5'));
    const snapped = snapGeometry(await loadGeometry(join(proposal, 'usr', 'geometry.geom'), AGIPD_1M));
    expect(shown.shape).toEqual([...snapped.shape]);
    const [frames, , ss, fs] = truth.datasetInfo('/photons').shape;
    let best = 0;
    for (let train = 0; train < frames / 2; train++) {
      const photons = truth.read('/photons', { start: [2 * train, 0, 0, 0], count: [2, 16, ss, fs] })
        .data as Uint16Array;
      const mean = Float32Array.from(
        { length: photons.length / 2 },
        (_, i) => (photons[i] + photons[i + photons.length / 2]) / 2,
      );
      const picture = assembleModules(snapped, ndarray('float32', [16, ss, fs], mean));
      best = Math.max(best, agreement(shown, picture.data, 0.5));
    }
    truth.close();
    // The mean of two pulses: one of the replayed trains must fit, and it must fit almost everywhere.
    expect(best).toBeGreaterThan(0.995);
    await page.keyboard.press(' ');
  }, 120_000);

  it('moves the ROI and sees its number change', async () => {
    const mean = page.getByTestId('roi-mean');
    await page.getByTestId('roi-body').waitFor();
    const before = await mean.textContent();
    const box = await page.getByTestId('roi-body').boundingBox();
    if (!box) throw new Error('the ROI is not on screen');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 40, y + 30, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(
      (old) =>
        (document.querySelector('[data-testid="field-roi-x"]') as HTMLInputElement | null)?.value !== '700' &&
        document.querySelector('[data-testid="roi-mean"]')?.textContent !== old,
      before,
    );
    expect(Number.parseFloat((await mean.textContent()) ?? '')).toBeGreaterThan(0);
  }, 60_000);

  it('refuses an impossible parameter and applies a possible one with Enter', async () => {
    const field = page.getByTestId('field-distance');
    await field.fill('-3');
    await field.press('Enter');
    expect(await page.getByText('between 0.001 and 100').isVisible()).toBe(true);
    await field.fill('0.17');
    await field.press('Enter');
    await page.getByText('parameters v', { exact: false }).first().waitFor();
    await expect
      .poll(async () => (await (await fetch(`${address}/api/live/state`)).json()).state.integration.distance)
      .toBe(0.17);
  }, 60_000);

  it('opens the run from its files: curve, frame raw and corrected', async () => {
    await page.goto(`${address}/runs`);
    await page.getByTestId('run-row-4').click();
    await page.getByTestId('source-XMPL_XTD2_XGM/XGM/DOOCS:output').click();
    await page.getByTestId('key-data.intensityTD').click();
    await expect.poll(() => page.getByTestId('series-mean').textContent()).toMatch(/mean \d/);
    await expect
      .poll(async () => (await shownImage(page).catch(() => null))?.meta.unit, { timeout: 60_000 })
      .toBe('keV');
    const corrected = await shownImage(page);
    const truth = await nodeHdf5Opener.open(join(proposal, 'usr', 'truth', 'r0004-photons.h5'));
    const snapped = snapGeometry(await loadGeometry(join(proposal, 'usr', 'geometry.geom'), AGIPD_1M));
    const photons = truth.read('/photons', { start: [0, 0, 0, 0], count: [1, 16, 512, 128] }).data as Uint16Array;
    truth.close();
    const picture = assembleModules(snapped, ndarray('float32', [16, 512, 128], Float32Array.from(photons)));
    expect(agreement(corrected, picture.data, 0.5)).toBeGreaterThan(0.995);
    await page.getByTestId('view-raw').click();
    await expect.poll(async () => (await shownImage(page)).meta.unit).toBe('ADU');
  }, 120_000);

  it('leaves the console empty', () => {
    expect(said).toEqual([]);
  });
});

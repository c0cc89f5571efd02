import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { ndarray } from '../../src/core/ndarray.ts';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { assembleModules } from '../../src/detector/assembly.ts';
import { DSSC_1M } from '../../src/detector/dssc.ts';
import { exampleGeometry } from '../../src/detector/geometry.ts';
import { snapGeometry } from '../../src/detector/snapped-geometry.ts';
import { nodeHdf5Opener } from '../../src/platform/node/hdf5-open.ts';
import { loadGeometry } from '../../src/platform/node/load-geometry.ts';
import { golden, type Shown, type Stage, until } from './stage.ts';

const PHOTON_KEV = 9.3;

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

/** The picture of the Run page once it stays: the panel finds its size and its levels in steps. */
async function settled(page: Page): Promise<Buffer> {
  const picture = page.getByTestId('frame-image');
  let last = await picture.screenshot();
  for (let same = 0, tries = 0; same < 3 && tries < 40; tries++) {
    await page.waitForTimeout(500);
    const next = await picture.screenshot();
    same = next.equals(last) ? same + 1 : 0;
    last = next;
  }
  return last;
}

/** The browser draws as it likes again, and its software driver's complaint that a picture is read back is left out. */
async function forgetPainter({ page, said }: Stage): Promise<void> {
  await page.evaluate(() => localStorage.removeItem('hutch-painter'));
  said.splice(0, said.length, ...said.filter((text) => !text.includes('GL Driver Message')));
}

/** Height and width of the part of a picture that is neither gap nor well, screen pixels. */
function tiledPart(page: Page, picture: Buffer): Promise<[height: number, width: number]> {
  return page.evaluate(async (base64) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context?.drawImage(image, 0, 0);
    const { data = [] } = context?.getImageData(0, 0, image.width, image.height) ?? {};
    const [rows, columns] = [new Set<number>(), new Set<number>()];
    for (let i = 0; i < data.length; i += 4) {
      // Gap and well are nearly black; so are the axes' lines, which are thin.
      if (data[i] < 40 && data[i + 1] < 40 && data[i + 2] < 60) continue;
      rows.add(Math.floor(i / 4 / image.width));
      columns.add((i / 4) % image.width);
    }
    const length = (places: Set<number>) => Math.max(...places) - Math.min(...places) + 1;
    return [length(rows), length(columns)] as [number, number];
  }, picture.toString('base64'));
}

/** What is seen is what was recorded: live pictures, the ROI's number, frames and curves of a run. */
export function pictureCases(stage: Stage): void {
  it('shows live trains, and the picture is the true one', async () => {
    await stage.openLive();
    // Paused at once: a paused page is sent nothing, which leaves the machine to the test.
    await stage.page.keyboard.press(' ');
    const shown = await stage.shownImage();
    expect(shown.meta.unit).toBe('keV');

    const truth = await nodeHdf5Opener.open(join(stage.proposal, 'usr', 'truth', 'r0004-photons.h5'));
    const snapped = snapGeometry(await loadGeometry(join(stage.proposal, 'usr', 'geometry.geom'), AGIPD_1M));
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
    await stage.page.keyboard.press(' ');
  }, 180_000);

  it('paints the same picture with WebGL and without', async () => {
    const { page } = stage;
    await page.goto(stage.address);
    const pixelsWith = async (painter: 'webgl' | 'raster') => {
      await page.evaluate((choice) => localStorage.setItem('hutch-painter', choice), painter);
      await page.goto(`${stage.address}/run/p700000/4?view=raw`);
      await until(async () => (await stage.shownMeta())?.unit, 60_000).toBe('ADU');
      return settled(page);
    };
    const [shader, raster] = [await pixelsWith('webgl'), await pixelsWith('raster')];
    await forgetPainter(stage);
    // A shader may choose the neighbour where a screen pixel lies on the edge between two.
    expect(await stage.differingShare(shader, raster)).toBeLessThan(0.01);
  }, 180_000);

  it('draws hexagons as such, near and from afar, and tells the one under the pointer', async () => {
    const { page } = stage;
    const proposal = join(stage.folder, 'XMPL', '202601', 'p700009');
    await page.goto(stage.address);
    mkdirSync(join(proposal, 'raw'), { recursive: true });
    cpSync(join(golden, 'dssc'), join(proposal, 'raw', 'r0012'), { recursive: true });
    try {
      const look = async (painter: 'webgl' | 'raster') => {
        await page.evaluate((choice) => localStorage.setItem('hutch-painter', choice), painter);
        await page.goto(`${stage.address}/run/p700009/12`);
        await until(async () => (await stage.shownMeta())?.unit, 60_000).toBe('ADU');
        const whole = await settled(page);
        const box = await page.getByTestId('frame-image').boundingBox();
        if (!box) throw new Error('no picture on screen');
        // Module 1, in the second row of tiles from above.
        await page.mouse.move(box.x + 0.18 * box.width, box.y + 0.245 * box.height);
        for (let step = 0; step < 12; step++) await page.mouse.wheel(0, -200);
        return { whole, near: await settled(page) };
      };
      const [shader, raster] = [await look('webgl'), await look('raster')];
      expect(await stage.differingShare(shader.whole, raster.whole)).toBeLessThan(0.01);
      expect(await stage.differingShare(shader.near, raster.near)).toBeLessThan(0.02);
      const { shape, pitch } = snapGeometry(exampleGeometry(DSSC_1M));
      const [height, width] = [shape[0] * pitch[0], shape[1] * pitch[1]];
      const [high, wide] = await tiledPart(page, raster.whole);
      expect(high / wide / (height / width)).toBeGreaterThan(0.99);
      expect(high / wide / (height / width)).toBeLessThan(1.01);
      const readout = page.getByTestId('frame-image-readout');
      const box = await page.getByTestId('frame-image').boundingBox();
      if (!box) throw new Error('no picture on screen');
      const under = async (x: number, y: number) => {
        await page.mouse.move(box.x + x, box.y + y);
        await page.waitForTimeout(200);
        const parts = await readout.locator('b').allTextContents();
        expect(parts).toEqual([expect.any(String), expect.any(String), expect.stringMatching(/ADU$/)]);
        return parts.map((each) => Number(each.replace(/[^\d.]/g, '')));
      };
      const [x, y, value] = await under(0.4 * box.width, 0.5 * box.height);
      const shown = await stage.shownImage();
      expect(value).toBe(shown.data[y * shown.shape[1] + x]);
      // Straight down, every other row is half a pixel aside: of squares it would be one column, wherever one begins.
      const columns: number[] = [];
      for (let aside = 0; aside < 12; aside += 3) {
        const found = new Set<number>();
        for (let down = 0; down < 50; down += 6)
          found.add((await under(0.4 * box.width + aside, 0.5 * box.height + down))[0]);
        columns.push(found.size);
      }
      expect(new Set(columns)).toEqual(new Set([1, 2]));
    } finally {
      await forgetPainter(stage);
      rmSync(proposal, { recursive: true });
    }
  }, 240_000);

  it('moves the ROI and sees its number change', async () => {
    const { page } = stage;
    await stage.openLive();
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
  }, 90_000);

  it('opens the run from its files: curve, frame raw and corrected', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/runs`);
    await page.getByTestId('run-row-4').click();
    await page.getByTestId('open-run').click();
    await page.getByTestId('source-XMPL_XTD2_XGM/XGM/DOOCS:output').click();
    await page.getByTestId('key-data.intensityTD').click();
    await until(() => page.getByTestId('series-mean').textContent()).toMatch(/mean \d/);
    expect(page.url()).toContain('key=data.intensityTD');
    const unit = async () => (await stage.shownMeta())?.unit;
    await until(unit, 90_000).toBe('keV');
    const corrected = await stage.shownImage();
    const truth = await nodeHdf5Opener.open(join(stage.proposal, 'usr', 'truth', 'r0004-photons.h5'));
    const snapped = snapGeometry(await loadGeometry(join(stage.proposal, 'usr', 'geometry.geom'), AGIPD_1M));
    const photons = truth.read('/photons', { start: [0, 0, 0, 0], count: [1, 16, 512, 128] }).data as Uint16Array;
    truth.close();
    const picture = assembleModules(snapped, ndarray('float32', [16, 512, 128], Float32Array.from(photons)));
    expect(agreement(corrected, picture.data, 0.5)).toBeGreaterThan(0.995);
    await page.getByTestId('view-raw').click();
    await until(unit).toBe('ADU');
  }, 150_000);

  it('steps trains and pulses with keys, and the address says so', async () => {
    const { page } = stage;
    const trainId = async () => (await stage.shownMeta())?.trainId ?? 0;
    const first = await trainId();
    await page.keyboard.press('ArrowRight');
    await until(trainId).toBe(first + 1);
    await page.keyboard.press(']');
    await until(() => page.url()).toMatch(/train=1.*pulse=1|pulse=1.*train=1/);
    await page.reload();
    await until(trainId, 60_000).toBe(first + 1);
    expect(await page.getByTestId('slider-pulse').inputValue()).toBe('1');
  }, 90_000);
}

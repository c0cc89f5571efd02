import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ndarray } from '../../src/core/ndarray.ts';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { assembleModules } from '../../src/detector/assembly.ts';
import { snapGeometry } from '../../src/detector/snapped-geometry.ts';
import { nodeHdf5Opener } from '../../src/platform/node/hdf5-open.ts';
import { loadGeometry } from '../../src/platform/node/load-geometry.ts';
import { type Shown, type Stage, until } from './stage.ts';

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
      // The panel finds its size and its levels in steps: the picture counts once it stays.
      const picture = page.getByTestId('frame-image');
      let last = await picture.screenshot();
      for (let same = 0, tries = 0; same < 3 && tries < 40; tries++) {
        await page.waitForTimeout(500);
        const next = await picture.screenshot();
        same = next.equals(last) ? same + 1 : 0;
        last = next;
      }
      return last;
    };
    const [shader, raster] = [await pixelsWith('webgl'), await pixelsWith('raster')];
    await page.evaluate(() => localStorage.removeItem('hutch-painter'));
    // The software driver complains that its picture is read back, which only a browser without a GPU does.
    stage.said.splice(0, stage.said.length, ...stage.said.filter((text) => !text.includes('GL Driver Message')));
    // A shader may choose the neighbour where a screen pixel lies on the edge between two.
    expect(await stage.differingShare(shader, raster)).toBeLessThan(0.01);
  }, 180_000);

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

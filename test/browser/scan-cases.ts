import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ndarray } from '../../src/core/ndarray.ts';
import { KEV_ANGSTROM } from '../../src/core/physics.ts';
import { byIndex } from '../../src/data/train-selection.ts';
import { decodeNpy, encodeNpy } from '../../src/formats/npy.ts';
import { decodeTiff } from '../../src/formats/tiff.ts';
import { openRun } from '../../src/platform/node/open-run.ts';
import { writeRun } from '../../src/platform/node/write-data.ts';
import { type Stage, until } from './stage.ts';

/** Scans on the Geometry page: walking over trains, maps, batches as landscapes, runs that are being written, parameter sets. */
export function scanCases(stage: Stage): void {
  const open = async (query = 'proposal=p700000&run=4') => {
    await stage.page.goto(`${stage.address}/geometry?${query}`);
    await stage.page.getByTestId('tab-curve').click();
    await stage.page.getByTestId('analysis-iq').waitFor({ timeout: 90_000 });
  };
  const tab = (name: string) => stage.page.getByTestId(`tab-${name}`).click();
  const text = (id: string) => stage.page.getByTestId(id).textContent();
  const enter = async (id: string, value: string) => {
    await stage.page.getByTestId(id).fill(value);
    await stage.page.getByTestId(id).press('Enter');
  };
  const save = async (id: string, format: string) => {
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByTestId(id).selectOption(format),
    ]);
    return new Uint8Array(readFileSync(await file.path()));
  };
  const address = () => new URL(stage.page.url()).searchParams;

  it('walks over trains by steps, ids, times and keys', async () => {
    const { page } = stage;
    await open();
    await page.getByTestId('over-one').click();
    await until(() => address().get('over')).toBe('one');
    await enter('browse-step', '3');
    await page.getByTestId('browse-on').click();
    await until(() => address().get('train')).toBe('3');
    const id = Number(await page.getByTestId('browse-train').inputValue());
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('ArrowRight');
    await until(() => address().get('train')).toBe('6');
    await page.keyboard.press('Shift+ArrowRight');
    await until(() => address().get('pulse')).toBe('1');
    await until(() => page.getByTestId('browse-train').inputValue()).toBe(String(id + 3));
    await enter('browse-train', String(id - 1));
    await until(() => address().get('train')).toBe('2');
    await enter('browse-train', '0.5 s');
    await until(() => address().get('train')).toBe('5');
    await page.getByTestId('browse-train').fill('soon');
    await until(() => page.getByText('a train id, its position').count()).toBe(1);
    await page.getByTestId('browse-train').press('Escape');
    await enter('browse-step', '1');
  }, 180_000);

  it('makes a map of places of motors or of counted points; a click shows the point', async () => {
    const { page } = stage;
    await open();
    await tab('helpers');
    await page.getByTestId('add-circle').click();
    await tab('batch');
    await enter('batch-every', '1');
    await enter('batch-pulses', 'all');
    await tab('map');
    await page.getByTestId('map-integrate').click();
    await page.getByTestId('map-integrate').waitFor({ timeout: 120_000 });
    await until(() => text('map-readout'), 60_000).toMatch(/cells of 2\d points/);
    await enter('map-per-line', '6');
    await until(() => text('map-readout')).toMatch(/^6 × 5 cells/);
    await enter('map-window', '2.0 to 2.2');
    await page.getByTestId('map-quantity').selectOption('area');
    await page.getByTestId('map-line').check();
    await until(() => text('analysis-map')).toContain('area of I above the line, q / Å⁻¹ 2 to 2.2');
    await page.getByTestId('map-places').selectOption('keys');
    await enter('map-x', 'XMPL_EXP_MOT/MOTOR/SAMPLE_X actualPosition');
    // Four steps of the motor, in one row; the other motor stands still.
    await until(() => text('map-readout')).toMatch(/^4 × 1 cells/);
    await enter('map-y', 'XMPL_EXP_MOT/MOTOR/SAMPLE_Y actualPosition');
    await until(() => text('map-readout')).toMatch(/^4 × 1 cells .*no clear steps/);
    const numbers = decodeNpy(await save('save-map', 'npy'));
    expect(numbers.shape).toEqual([1, 4]);
    expect(Math.min(...(numbers.data as Float32Array))).toBeGreaterThan(0);
    expect((await decodeTiff(await save('save-map', 'tif'))).shape).toEqual([1, 4]);
    expect(new TextDecoder().decode(await save('save-map', 'csv')).split('\n')[0]).toContain('SAMPLE_X actualPosition');
    expect(new TextDecoder('latin1').decode(await save('save-map', 'png')).slice(1, 4)).toBe('PNG');
    const box = await page.getByTestId('scan-map').boundingBox();
    if (!box) throw new Error('no map');
    await page.mouse.click(box.x + box.width * 0.9, box.y + box.height / 2);
    await until(() => address().get('over')).toBe('one');
    expect(Number(address().get('train'))).toBeGreaterThan(6);
    await until(() => page.getByTestId('map-selected').count()).toBe(1);
    await page.getByTestId('map-value').selectOption('region');
    await until(() => text('analysis-map')).toContain('mean of circle 1');
    await page.getByTestId('map-value').selectOption('key');
    await enter('map-key', 'XMPL_EXP_MOT/MOTOR/SAMPLE_X');
    await until(() => page.getByText(/which key of XMPL_EXP_MOT/).count()).toBe(1);
    await enter('map-key', 'XMPL_EXP_MOT/MOTOR/SAMPLE_X targetPosition');
    await until(() => text('analysis-map')).toContain('SAMPLE_X targetPosition');
    await page.getByTestId('map-value').selectOption('window');
    await page.getByTestId('map-places').selectOption('count');
    await tab('helpers');
    await page.getByRole('button', { name: 'Clear' }).click();
    await tab('parts');
  }, 360_000);

  it('stands the curves of a batch behind each other; a drag turns them, a click shows a train', async () => {
    const { page } = stage;
    await open();
    await tab('batch');
    await enter('batch-pulses', '0');
    await page.getByTestId('batch-start').click();
    await page.getByTestId('batch-start').waitFor({ timeout: 120_000 });
    await page.getByTestId('batch-as-stack').click();
    const canvas = page.getByTestId('batch-stack');
    const box = await canvas.boundingBox();
    if (!box) throw new Error('no curves');
    const look = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL().length);
    const before = await look();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 - 20, { steps: 4 });
    await page.mouse.up();
    await until(look).not.toBe(before);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height - 30);
    await until(() => address().get('train')).toMatch(/^[01]$/);
    await page.getByTestId('batch-as-map').click();
  }, 240_000);

  it('keeps up with a run that is being written: the newest train, and the batch goes on', async () => {
    const { page } = stage;
    const folder = join(stage.folder, 'XMPL', '202601', 'p700001', 'raw', 'r0009');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'RAW-R0009-DA01-S00000.h5');
    const write = async (trains: number) => {
      const source = await openRun({ path: join(stage.proposal, 'raw', 'r0004') });
      try {
        await writeRun(source.selectTrains(byIndex({ start: 0, stop: trains })), file);
      } finally {
        await source.close();
      }
    };
    try {
      await write(4);
      await open('proposal=p700001&run=9&over=one');
      await tab('batch');
      await page.getByTestId('batch-start').click();
      await until(() => text('batch-readout'), 60_000).toMatch(/^4 trains/);
      await page.getByTestId('batch-start').waitFor({ timeout: 60_000 });
      await page.getByTestId('follow').check();
      await write(7);
      await until(() => address().get('train'), 60_000).toBe('6');
      await until(() => text('batch-readout'), 60_000).toMatch(/^7 trains/);
      await page.getByTestId('follow').uncheck();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 360_000);

  it('has the parameters of pyFAI and Fit2D side by side: changed, copied, pasted', async () => {
    const { page } = stage;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await open();
    await tab('calibration');
    const poni2 = async () => Number((await text('pyfai-Poni2'))?.split(' ')[0].replace('−', '-'));
    const before = await poni2();
    const centre = Number(await page.getByTestId('fit2d-centerX').inputValue());
    await enter('fit2d-centerX', String(centre + 5));
    await until(poni2).toBeCloseTo(before + 0.001, 5);
    await page.getByTestId('copy-Fit2D').click();
    await until(() => page.getByTestId('parameter-sets').textContent()).toContain('copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^directDist = 160\ncenterX = /);
    await enter('paste-parameters', 'nothing of the kind');
    await until(() => page.getByTestId('parameter-sets').textContent()).toContain('what was pasted');
    await enter(
      'paste-parameters',
      `directDist = 170 centerX = ${centre} centerY = 0 wavelength = ${KEV_ANGSTROM / 9}`,
    );
    await until(() => page.getByTestId('now-distance').inputValue()).toBe('170');
    await until(poni2).toBeCloseTo(before, 5);
    expect(Number(await page.getByTestId('now-photonEnergyKeV').inputValue())).toBeCloseTo(9, 6);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await until(() => page.getByTestId('now-distance').inputValue()).toBe('160');
  }, 180_000);

  it('calibrates with points that are clicked on rings', async () => {
    const { page } = stage;
    await open('proposal=p700000&run=4&distance=0.17');
    await tab('calibration');
    await until(() => page.getByTestId('now-distance').inputValue()).toBe('170');
    const image = await page.getByTestId('geometry-image').boundingBox();
    if (!image) throw new Error('no picture');
    // Where the rings of the sample are, as the true distance of 160 mm draws them on a picture that shows 170 mm.
    await page.getByTestId('pick-points').click();
    await page.getByTestId('pick-ring').selectOption('1');
    for (const [x, y] of [
      [0.3, 0.3],
      [0.7, 0.3],
      [0.7, 0.7],
      [0.3, 0.7],
    ])
      await page.mouse.click(image.x + image.width * x, image.y + image.height * y);
    await until(() => text('use-picks')).toMatch(/Use [2-4] points/);
    await page.keyboard.press('Escape');
    await until(() => page.getByTestId('pick-points').getAttribute('aria-pressed')).toBe('false');
    await page.getByTestId('use-picks').click();
    await until(() => text('exposure')).toContain('picked points on LaB6');
    await page.getByLabel('Remove the exposure').click();
  }, 180_000);

  it('shows and integrates the picture of a file, and goes back to the run', async () => {
    const { page } = stage;
    await open();
    const pixels = new Float32Array(16 * 512 * 128).fill(3);
    const file = (name: string, shape: readonly number[]) => ({
      name,
      mimeType: 'application/octet-stream',
      buffer: Buffer.concat(encodeNpy(ndarray('float32', shape, pixels))),
    });
    await page.getByTestId('picture-file').setInputFiles(file('flat.npy', [16, 512, 128]));
    await until(() => text('picture-file-name')).toBe('flat.npy');
    await until(() => text('analysis-curve'), 60_000).toContain('flat.npy');
    await page.getByLabel('Back to the picture of the run').click();
    await until(() => text('analysis-curve'), 60_000).toContain('run 4');
    await page.getByTestId('picture-file').setInputFiles(file('long.npy', [16 * 128, 512]));
    await until(() => page.getByText('An assembled picture does not fit').count()).toBe(1);
  }, 180_000);
}

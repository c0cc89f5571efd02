import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { badRegionMask } from '../../src/detector/bad-region-mask.ts';
import { quadPositions } from '../../src/detector/geometry.ts';
import { geometryFromCrystfel } from '../../src/detector/geometry-crystfel.ts';
import { birchMurnaghanPressure } from '../../src/detector/powder/equation-of-state.ts';
import { planExample } from '../../src/example/example-plan.ts';
import { decodeEdf } from '../../src/formats/edf.ts';
import { parseJcpds } from '../../src/formats/jcpds.ts';
import { decodeNpy } from '../../src/formats/npy.ts';
import { parsePattern } from '../../src/formats/pattern-text.ts';
import { decodeTiff } from '../../src/formats/tiff.ts';
import { golden } from '../golden/geometry/golden.ts';
import { type Stage, until } from './stage.ts';

/** The analysis beside the picture of the Geometry page: refinement, curves, cake, masks, batch. */
export function analysisCases(stage: Stage): void {
  const open = async () => {
    await stage.page.goto(`${stage.address}/geometry?proposal=p700000&run=4`);
    // The browser remembers which tab was in front.
    await stage.page.getByTestId('tab-curve').click();
    await stage.page.getByTestId('analysis-iq').waitFor({ timeout: 90_000 });
  };
  const tab = (name: string) => stage.page.getByTestId(`tab-${name}`).click();
  const text = (id: string) => stage.page.getByTestId(id).textContent();
  const download = async (act: () => Promise<unknown>) => {
    const [file] = await Promise.all([stage.page.waitForEvent('download'), act()]);
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  };
  /** (x, y) of all quadrants in the table, px. */
  const positions = async () => {
    const read = (label: string) => stage.page.getByLabel(label, { exact: true }).inputValue();
    return Promise.all(
      [1, 2, 3, 4].map(async (n) => [Number(await read(`Q${n} x`)), Number(await read(`Q${n} y`))] as const),
    );
  };

  it('finds a displaced quadrant again: moved by keys, refined, applied', async () => {
    const { page } = stage;
    await open();
    await tab('parts');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('3');
    const press = async (keys: string, times: number) => {
      for (let i = 0; i < times; i++) await page.keyboard.press(keys);
    };
    // (6.4, -5.2) px: +x is to the left when seen from the front.
    await press('Control+ArrowLeft', 6);
    await press('Control+Alt+ArrowLeft', 4);
    await press('Control+ArrowDown', 5);
    await press('Control+Alt+ArrowDown', 2);
    const truth = quadPositions(planExample().geometry);
    await until(async () => (await positions())[2][0]).toBeCloseTo(truth[2][0] + 6.4, 1);
    // The table follows a few times a second while a part moves.
    await until(async () => (await positions())[2][1]).toBeCloseTo(truth[2][1] - 5.2, 1);
    await tab('refinement');
    await page.getByTestId('refine-start').click();
    await page.getByTestId('refine-state').waitFor({ timeout: 90_000 });
    // Nothing is changed before Apply.
    expect((await positions())[2][0]).toBeCloseTo(truth[2][0] + 6.4, 1);
    await page.getByTestId('refine-apply').click();
    await until(async () => Math.abs((await positions())[2][0] - truth[2][0])).toBeLessThanOrEqual(0.5);
    for (const [quadrant, place] of (await positions()).entries())
      for (const axis of [0, 1]) expect(Math.abs(place[axis] - truth[quadrant][axis])).toBeLessThanOrEqual(0.5);
    expect(await page.getByTestId('refine-apply').isDisabled()).toBe(true);
  }, 180_000);

  it('shows I(q) in every unit, keeps a curve as overlay, and saves what is shown', async () => {
    const { page } = stage;
    await open();
    for (const [unit, title] of [
      ['q_nm^-1', 'q / nm⁻¹'],
      ['2th_deg', '2θ / °'],
      ['d_A', 'd / Å'],
      ['r_mm', 'r / mm'],
    ]) {
      await page.getByTestId(`unit-${unit}`).click();
      await until(() => text('analysis-iq')).toContain(title);
    }
    await page.getByTestId('unit-2th_deg').click();
    await until(() => text('analysis-iq')).toContain('2θ');
    await page.getByLabel('Keep the curve as an overlay').click();
    await until(() => text('analysis-iq')).toMatch(/v\d+/);
    const file = await download(() => page.getByTestId('save-pattern').selectOption('fxye'));
    expect(file.name).toMatch(/\.fxye$/);
    const { x, y, sigma } = parsePattern(file.bytes.toString());
    expect(x.length).toBeGreaterThan(300);
    expect(sigma?.length).toBe(x.length);
    // The strongest peak beyond 15 degrees is a ring of the powder.
    const top = y.reduce((best, value, i) => (x[i] > 15 && (best < 0 || value > y[best]) ? i : best), -1);
    expect(x[top]).toBeGreaterThan(15);
    await page.getByTestId('unit-q_A^-1').click();
    await tab('overlays');
    await page.getByTestId('cell').fill('gold 4.0782 F');
    await page.getByTestId('cell').press('Enter');
    await page.getByTestId('phase').getByRole('button', { name: 'lines' }).click();
    await until(() => page.getByTestId('phase').locator('tbody tr').first().textContent()).toContain('1 1 1');
    await page.getByLabel('Remove gold').click();
    await page
      .getByTestId('overlay')
      .getByLabel(/^Remove/)
      .click();
    await tab('curve');
  }, 120_000);

  it('a mask by limits takes pixels out of everything, and comes back from its file', async () => {
    const { page } = stage;
    await open();
    await tab('mask');
    await page.getByTestId('mask-high').fill('100');
    await page.getByTestId('mask-high').press('Enter');
    await page.getByTestId('mask-threshold').click();
    await until(() => text('mask-count')).toMatch(/pixels masked/);
    const before = await text('mask-count');
    const saved = await download(() => page.getByTestId('mask-save').click());
    const mask = decodeNpy(new Uint8Array(saved.bytes));
    expect(mask.shape).toEqual([16, 512, 128]);
    await page.getByTestId('mask-grow').click();
    await until(() => text('mask-count')).not.toBe(before);
    await page.getByLabel('Undo the last change of the mask').click();
    await until(() => text('mask-count')).toBe(before);
    await page.getByTestId('mask-clear').click();
    await until(() => text('mask-count')).toBe('no pixel is masked');
    await page
      .getByTestId('mask-load')
      .setInputFiles({ name: 'mask.npy', mimeType: 'application/octet-stream', buffer: saved.bytes });
    await until(() => text('mask-count')).toBe(before);
    // A circle drawn on the picture.
    await page.getByTestId('mask-circle').click();
    const box = await page.getByTestId('geometry-image').boundingBox();
    if (!box) throw new Error('no picture');
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.36, box.y + box.height * 0.3, { steps: 4 });
    await page.mouse.up();
    await until(() => text('mask-count')).not.toBe(before);
    await page.keyboard.press('Escape');
    await page.getByTestId('mask-clear').click();
  }, 120_000);

  it("masks go to pyFAI's and Dioptas' files and come back, alone or added", async () => {
    const { page } = stage;
    await open();
    await tab('mask');
    await page.getByTestId('mask-high').fill('60');
    await page.getByTestId('mask-high').press('Enter');
    await page.getByTestId('mask-threshold').click();
    await until(() => text('mask-count')).toMatch(/pixels masked/);
    const count = await text('mask-count');
    const edf = await download(() => page.getByTestId('mask-save-edf').click());
    const tif = await download(() => page.getByTestId('mask-save-tif').click());
    expect(decodeEdf(new Uint8Array(edf.bytes)).shape).toEqual([16 * 512, 128]);
    await page.getByTestId('mask-invert').click();
    await until(() => text('mask-count')).not.toBe(count);
    const file = (bytes: Buffer, name: string) => ({ name, mimeType: 'application/octet-stream', buffer: bytes });
    await page.getByTestId('mask-load').setInputFiles(file(edf.bytes, 'mask.edf'));
    await until(() => text('mask-count')).toBe(count);
    await page.getByTestId('mask-invert').click();
    await until(() => text('mask-count')).not.toBe(count);
    // A mask and its reverse together are everything.
    await page.getByTestId('mask-add').setInputFiles(file(tif.bytes, 'of-dioptas.mask'));
    await until(() => text('mask-count')).toContain('100.00 %');
    await page.getByTestId('mask-load').setInputFiles(file(Buffer.from('no mask'), 'x.tif'));
    await until(() => page.getByTestId('analysis-mask').getByRole('alert').textContent()).toContain('none of NumPy');
    await page.getByTestId('mask-clear').click();
    // Those of a geometry file can be added.
    const geom = readFileSync(`${golden}files/write_agipd_bad_3d.geom`);
    const bad = badRegionMask(geometryFromCrystfel(geom.toString())).data.reduce((sum, value) => sum + value, 0);
    expect(await page.getByTestId('mask-bad-regions').count()).toBe(0);
    await tab('files');
    await page.getByTestId('geometry-picker').setInputFiles(file(geom, 'bad.geom'));
    await page.getByTestId('mask-bad-regions').click();
    await until(async () => (await text('mask-count'))?.replaceAll(/\D.*$/g, '')).toBe(String(bad));
    await page.getByTestId('mask-clear').click();
  }, 120_000);

  it('numbers and files that make no sense are told, and all panels stay', async () => {
    const { page } = stage;
    await open();
    const enter = async (id: string, what: string) => {
      await page.getByTestId(id).fill(what);
      await page.getByTestId(id).press('Enter');
    };
    // A protein has more powder lines than a page can draw; 1e15 Angstrom is no cell.
    await tab('overlays');
    for (const edge of ['281', '999999999999999']) {
      await enter('cell', edge);
      await until(() => page.getByTestId('phase').textContent()).toContain('too many lines');
      await page.getByTestId('phase').getByLabel('Remove').click();
    }
    await tab('calibration');
    const distance = page.getByTestId('now-distance');
    for (const mm of ['1e12', '0']) {
      await enter('now-distance', mm);
      expect(await distance.getAttribute('aria-invalid')).toBe('true');
      await distance.press('Escape');
    }
    const picker = (Detector_config: string, metres: number) => ({
      name: 'no.poni',
      mimeType: 'text/plain',
      buffer: Buffer.from(
        `poni_version: 2\nDetector: Detector\nDetector_config: ${Detector_config}\nDistance: ${metres}\nPoni1: 0\nPoni2: 0\n`,
      ),
    });
    await page.getByTestId('load-poni').setInputFiles(picker('{"pixel1": 2e-4, "pixel2": 2e-4}', 5000));
    await until(() => page.getByTestId('analysis-calibration').getByRole('alert').textContent()).toContain('5000 m');
    await tab('parts');
    await page.getByLabel('Q1 x', { exact: true }).fill('9'.repeat(40));
    expect(await page.getByLabel('Q1 x', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Q1 x', { exact: true }).press('Escape');
    await tab('integration');
    const none = { name: 'none.npy', mimeType: 'application/octet-stream', buffer: Buffer.from('no picture') };
    await page.getByTestId('load-dark').setInputFiles(none);
    await until(() => text('corrections-on')).toContain('none.npy');
    await enter('radial-range', '100 to 200');
    await tab('curve');
    await until(() => text('analysis-readout')).toContain('no pixel lies in these ranges');
    await tab('integration');
    await enter('radial-range', 'all');
    await tab('curve');
    await until(() => text('analysis-readout')).toContain('drag to zoom');
    // Photons whose rings are all scattered backwards.
    await enter('field-geometry-energy', '1.6');
    await until(() => page.getByTestId('calibrant-ring').count()).toBe(0);
    await enter('field-geometry-energy', '9.3');
    await until(() => page.getByTestId('calibrant-ring').count()).toBe(6);
    expect(await page.getByTestId('panel-fault').count()).toBe(0);
  }, 120_000);

  it('a phase of a JCPDS card moves with pressure, lies over the cake, and is saved again', async () => {
    const { page } = stage;
    await open();
    await tab('overlays');
    const card =
      'VERSION: 4\nCOMMENT: Gold\nK0: 167\nK0P: 5.5\nSYMMETRY: CUBIC\nA: 4\nDIHKL: 2.3094 100 1 1 1\nDIHKL: 2 52 2 0 0\n';
    const buffer = Buffer.from(card);
    await page.getByTestId('load-phase').setInputFiles({ name: 'gold.jcpds', mimeType: 'text/plain', buffer });
    const phase = page.getByTestId('phase');
    await phase.getByRole('button', { name: 'lines' }).click();
    const row = async () => (await phase.locator('tbody tr').first().locator('td').allTextContents()).map(Number);
    await until(async () => (await row())[2]).toBe(2.3094);
    // V/V0 = 0.9 by Birch and Murnaghan.
    await page.getByTestId('phase-pressure').fill(String(birchMurnaghanPressure(0.9, 167, 5.5)));
    await page.getByTestId('phase-pressure').press('Enter');
    await until(async () => (await row())[2]).toBe(Number((2.3094 * Math.cbrt(0.9)).toFixed(4)));
    expect((await row())[1]).toBe(2.3094);
    await page.getByTestId('phase-pressure').fill('-500');
    await page.getByTestId('phase-pressure').press('Enter');
    await until(() => phase.textContent()).toContain('no volume');
    await page.getByTestId('phase-pressure').fill('0');
    await page.getByTestId('phase-pressure').press('Enter');
    const saved = await download(() => page.getByLabel('Save Gold as .jcpds').click());
    expect(parseJcpds(saved.bytes.toString())).toMatchObject({ k0: 167, cell: { a: 4 }, comments: ['Gold'] });
    await tab('cake');
    await page.getByTestId('cake-after').waitFor({ timeout: 60_000 });
    await until(() => page.getByTestId('cake-phase').count()).toBe(2);
    // The pointer on the picture is told and marked on the cake.
    const image = await page.getByTestId('geometry-image').boundingBox();
    if (!image) throw new Error('no picture');
    await page.mouse.move(image.x + image.width * 0.6, image.y + image.height * 0.35);
    await until(() => text('cake-readout')).toMatch(/2θ .*q .*d .*azimuth/);
    await until(() => page.getByTestId('cake-linked').count()).toBe(1);
    await page.mouse.move(5, 5);
    const tif = await download(() => page.getByTestId('save-cake').selectOption('tif'));
    expect((await decodeTiff(new Uint8Array(tif.bytes))).dtype).toBe('float32');
    await tab('overlays');
    await page.getByLabel('Remove Gold').click();
    await tab('curve');
  }, 150_000);

  it('corrections of sensor and seat raise what went the longest way', async () => {
    const { page } = stage;
    await open();
    const curve = async () => {
      await tab('curve');
      const file = await download(() => page.getByTestId('save-pattern').selectOption('xy'));
      await tab('integration');
      return parsePattern(file.bytes.toString());
    };
    await tab('integration');
    await page.getByTestId('method').selectOption('no');
    const before = await curve();
    await page.getByTestId('seat').check();
    await until(() => text('corrections-on')).toContain('anvil and seat');
    let after = before;
    await until(async () => {
      after = await curve();
      return after.y[after.y.length - 20] / before.y[before.y.length - 20];
    }).toBeGreaterThan(1.05);
    expect(after.y[10] / before.y[10]).toBeCloseTo(1, 2);
    await page.getByTestId('seat').uncheck();
    await page.getByTestId('oblique').check();
    await until(() => text('corrections-on')).toContain('oblique incidence');
    await until(async () => {
      after = await curve();
      return after.y[after.y.length - 20] / before.y[before.y.length - 20];
    }).toBeLessThan(0.99);
    await page.getByTestId('oblique').uncheck();
    const picture = await download(() => page.getByTestId('picture-modules-edf').click());
    expect(decodeEdf(new Uint8Array(picture.bytes))).toMatchObject({ dtype: 'float32', shape: [16 * 512, 128] });
    await tab('curve');
  }, 150_000);

  it('integrates every train of the run, and a click on a row shows that train', async () => {
    const { page } = stage;
    await open();
    await tab('batch');
    await page.getByTestId('batch-every').fill('4');
    await page.getByTestId('batch-every').press('Enter');
    await page.getByTestId('batch-start').click();
    await page.getByTestId('batch-start').waitFor({ timeout: 90_000 });
    await until(() => text('batch-readout')).toContain('4 trains');
    const saved = await download(() => page.getByTestId('save-batch').selectOption('npy'));
    const rows = decodeNpy(new Uint8Array(saved.bytes));
    expect(rows.shape[0]).toBe(4);
    const map = await page.getByTestId('batch-map').boundingBox();
    if (!map) throw new Error('no map');
    await page.mouse.click(map.x + map.width / 2, map.y + map.height * 0.1);
    await until(() => page.url()).toMatch(/over=one/);
    await until(() => page.url()).toMatch(/train=12/);
  }, 150_000);

  it('a batch of pulses: each of them, or their mean, with trains and pulses in one file', async () => {
    const { page } = stage;
    await open();
    await tab('batch');
    await page.getByTestId('batch-every').fill('6');
    await page.getByTestId('batch-every').press('Enter');
    await page.getByTestId('batch-pulses').fill('all');
    await page.getByTestId('batch-pulses').press('Enter');
    await page.getByTestId('batch-start').click();
    await until(() => text('batch-readout'), 90_000).toContain('6 pulses of 3 trains');
    await page.getByTestId('batch-start').waitFor({ timeout: 90_000 });
    const saved = await download(() => page.getByTestId('save-batch').selectOption('h5'));
    expect(saved.bytes.subarray(1, 4).toString()).toBe('HDF');
    await page.getByTestId('batch-rows').selectOption('mean');
    await page.getByTestId('batch-start').click();
    await until(() => text('batch-readout'), 90_000).toMatch(/^3 trains/);
    await page.getByTestId('batch-start').waitFor({ timeout: 90_000 });
    const rows = decodeNpy(
      new Uint8Array((await download(() => page.getByTestId('save-batch').selectOption('npy'))).bytes),
    );
    expect(rows.shape[0]).toBe(3);
    await page.getByTestId('batch-rows').selectOption('each');
    await page.getByTestId('batch-pulses').fill('0');
    await page.getByTestId('batch-pulses').press('Enter');
  }, 200_000);

  it('calibrates the distance from the rings', async () => {
    const { page } = stage;
    await open();
    await tab('calibration');
    await page.getByTestId('calibrate').click();
    await until(() => text('found-distance')).toMatch(/±/);
    const found = Number((await text('found-distance'))?.split(' ')[0]);
    const { distance = 0 } = planExample().geometry.metadata;
    expect(Math.abs(found - distance * 1e3)).toBeLessThan(0.3);
    const saved = await download(() => page.getByTestId('save-poni').selectOption('2.1'));
    expect(saved.bytes.toString()).toContain('poni_version: 2.1');
  }, 120_000);
}

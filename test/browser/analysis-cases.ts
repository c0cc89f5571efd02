import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { quadPositions } from '../../src/detector/geometry.ts';
import { planExample } from '../../src/example/example-plan.ts';
import { decodeNpy } from '../../src/formats/npy.ts';
import { parsePattern } from '../../src/formats/pattern-text.ts';
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
    expect((await positions())[2][1]).toBeCloseTo(truth[2][1] - 5.2, 1);
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

  it('integrates every train of the run, and a click on a row shows that train', async () => {
    const { page } = stage;
    await open();
    await tab('batch');
    await page.getByTestId('batch-every').fill('4');
    await page.getByTestId('batch-every').press('Enter');
    await page.getByTestId('batch-start').click();
    await page.getByTestId('batch-start').waitFor({ timeout: 90_000 });
    await until(() => text('batch-readout')).toContain('4 trains');
    const saved = await download(() => page.getByTestId('batch-npy').click());
    const rows = decodeNpy(new Uint8Array(saved.bytes));
    expect(rows.shape[0]).toBe(4);
    const map = await page.getByTestId('batch-map').boundingBox();
    if (!map) throw new Error('no map');
    await page.mouse.click(map.x + map.width / 2, map.y + map.height * 0.1);
    await until(() => page.url()).toMatch(/over=one/);
    await until(() => page.url()).toMatch(/train=12/);
  }, 150_000);

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

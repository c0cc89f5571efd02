import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { quadPositions } from '../../src/detector/geometry.ts';
import { geometryFromCrystfel } from '../../src/detector/geometry-crystfel.ts';
import { loadGeometry } from '../../src/platform/node/load-geometry.ts';
import { type Stage, until } from './stage.ts';

/** Q3 by hand, keys, fields and files: what the Geometry page does to a geometry. */
export function geometryCases(stage: Stage): void {
  const open = async (query: Record<string, string> = {}) => {
    const search = new URLSearchParams({ proposal: 'p700000', run: '4', over: 'one', ...query });
    await stage.page.goto(`${stage.address}/geometry?${search}`);
    await until(() => stage.page.locator('.prov').allTextContents(), 90_000).toContainEqual(
      expect.stringMatching(/geometry v.*run 4 · train/),
    );
  };
  /** (x, y) of a quadrant in the table, px. */
  const position = async (quadrant: string) => {
    const row = stage.page.getByTestId(`part-${quadrant}`);
    const read = async (axis: string) => Number(await row.getByLabel(`${quadrant} ${axis}`).inputValue());
    return [await read('x'), await read('y')];
  };
  const save = async () => {
    const [file] = await Promise.all([
      stage.page.waitForEvent('download'),
      stage.page.getByTestId('save-geometry').click(),
    ]);
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
  };
  const tab = (name: string) => stage.page.getByTestId(`tab-${name}`).click();

  it('shows the run with the tiles where the geometry has them', async () => {
    await open();
    const truth = quadPositions(await loadGeometry(join(stage.proposal, 'usr', 'geometry.geom'), AGIPD_1M));
    for (const [i, [x, y]] of truth.entries()) {
      const [shownX, shownY] = await position(`Q${i + 1}`);
      expect(shownX).toBeCloseTo(x, 1);
      expect(shownY).toBeCloseTo(y, 1);
    }
    expect(await stage.page.getByTestId('calibrant-ring').count()).toBe(6);
  }, 120_000);

  it('moves a quadrant with keys, and undo brings it back exactly', async () => {
    const { page } = stage;
    const before = await position('Q3');
    await page.keyboard.press('3');
    await until(() => page.getByTestId('selected-name').textContent()).toBe('Q3');
    // Seen from the front, +x goes to the left.
    await page.keyboard.press('Control+ArrowRight');
    await until(() => position('Q3')).toEqual([before[0] - 1, before[1]]);
    await page.keyboard.press('Control+Shift+ArrowUp');
    await until(() => position('Q3')).toEqual([before[0] - 1, before[1] + 10]);
    await page.keyboard.press('Control+Alt+ArrowLeft');
    await until(async () => (await position('Q3'))[0]).toBeCloseTo(before[0] - 0.9, 6);
    await page.keyboard.press('v');
    await page.keyboard.press('Control+ArrowRight');
    await until(async () => (await position('Q3'))[0]).toBeCloseTo(before[0] + 0.1, 6);
    await page.keyboard.press('v');
    await until(() => page.getByTestId('move-Δx').inputValue()).toBe('0.1');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+z');
    await until(() => position('Q3')).toEqual(before);
    expect(await page.getByTestId('move-Δx').inputValue()).toBe('0');
  }, 60_000);

  it('holds a typed move back until Enter, and shows where it goes', async () => {
    const { page } = stage;
    const before = await position('Q3');
    await page.getByTestId('move-Δx').fill('-6.4');
    await page.getByTestId('pending-part').waitFor({ state: 'attached' });
    expect(await position('Q3')).toEqual(before);
    await page.getByTestId('move-Δx').press('Escape');
    await page.getByTestId('pending-part').waitFor({ state: 'detached' });
    await page.getByTestId('move-Δx').fill('-6.4');
    await page.getByTestId('move-Δx').press('Enter');
    await page.getByTestId('move-Angle').fill('0.5');
    await page.getByTestId('move-Angle').press('Enter');
    await until(() => page.getByLabel('Q3 angle').inputValue()).toBe('0.500');
    await tab('history');
    await until(() => page.locator('.step[aria-current]').textContent()).toContain(
      'Q3 moved by −6.4, 0.0 px, turned by 0.50°',
    );
    await page.getByTestId('step-0').click();
    await tab('parts');
    await until(() => position('Q3')).toEqual(before);
  }, 60_000);

  it('moves the selected part with the mouse in one step; the picture follows', async () => {
    const { page } = stage;
    const before = await position('Q3');
    await page.getByTestId('level-quadrant').click();
    const part = await page.getByTestId('geometry-image').boundingBox();
    if (!part) throw new Error('no picture');
    await page.keyboard.press('3');
    const outline = await page.getByTestId('selected-part').boundingBox();
    if (!outline) throw new Error('nothing is selected');
    // In a tile: the first module of the quadrant, a quarter into its width.
    const [x, y] = [outline.x + outline.width * 0.22, outline.y + outline.height * 0.1];
    const draws = () => page.evaluate(() => window.hutchTest?.tileDraws() ?? 0);
    await page.mouse.move(x, y);
    await page.mouse.down();
    const first = await draws();
    await page.mouse.move(x + 30, y - 12, { steps: 24 });
    await page.mouse.up();
    // As often as this machine shows frames, not once at the end.
    expect((await draws()) - first).toBeGreaterThanOrEqual(3);
    // CSS pixels for a pixel of the detector; the pointer is known to about one of the former.
    const scale = outline.width / (8 * 64 + 7 * 2);
    await until(async () => Math.abs((await position('Q3'))[0] - (before[0] - 30 / scale))).toBeLessThan(2 / scale);
    await until(async () => Math.abs((await position('Q3'))[1] - (before[1] + 12 / scale))).toBeLessThan(2 / scale);
    await page.keyboard.press('Control+z');
    await until(() => position('Q3')).toEqual(before);
    await page.mouse.move(x, y);
    await until(() => page.getByTestId('geometry-readout').textContent()).toMatch(
      /x .*mm.*y .*mm.*q .*Å⁻¹.*Q3 M8 · ss \d+, fs \d+/,
    );
  }, 60_000);

  it('lifts what moves off the picture; at rest it is the picture that is drawn afresh', async () => {
    const { page } = stage;
    const picture = page.getByTestId('geometry-image');
    for (const painter of ['webgl', 'raster'] as const) {
      await page.evaluate((choice) => localStorage.setItem('hutch-painter', choice), painter);
      await open();
      await page.keyboard.press('3');
      const outline = await page.getByTestId('selected-part').boundingBox();
      if (!outline) throw new Error('nothing is selected');
      await page.evaluate(() => {
        const seen = new Set<string>();
        Object.assign(window, { seenTransforms: seen });
        const look = () => {
          const part = document.querySelector<HTMLElement>('[data-testid=lifted-part]');
          if (part) seen.add(part.style.transform);
          requestAnimationFrame(look);
        };
        look();
      });
      const seen = () =>
        page.evaluate(() => [...(window as unknown as { seenTransforms: Set<string> }).seenTransforms]);
      const [x, y] = [outline.x + outline.width * 0.22, outline.y + outline.height * 0.1];
      await page.mouse.move(x, y);
      await page.mouse.down();
      const shifts = async () => (await seen()).filter((css) => css.startsWith('translate('));
      // A busy machine shows few frames: the hand goes round until it has seen some.
      for (let i = 0; i < 400 && (await shifts()).length < 4; i++)
        await page.mouse.move(x + 20 * Math.sin(i / 5), y + 20 * Math.cos(i / 5));
      expect((await shifts()).length).toBeGreaterThanOrEqual(4);
      await page.mouse.move(x + 37, y - 23, { steps: 4 });
      await page.mouse.up();
      const isTurned = async () => (await seen()).some((css) => css.startsWith('matrix('));
      for (let i = 0; i < 400 && !(await isTurned()); i++)
        await page.keyboard.press(i % 2 ? 'BracketLeft' : 'BracketRight');
      await page.keyboard.press('BracketRight');
      expect(await isTurned()).toBe(true);
      await page.mouse.move(2, 2);
      await page.getByTestId('lifted-part').waitFor({ state: 'detached' });
      // Without the words over it: Chromium smooths them another way once they were on a layer of their own.
      const shoot = () => picture.screenshot({ style: '.image svg { visibility: hidden }' });
      const atRest = await shoot();
      // Another side and back: nothing of the last drawing is used again.
      await page.keyboard.press('v');
      await page.waitForTimeout(300);
      expect(await stage.differingShare(atRest, await shoot())).toBeGreaterThan(0.01);
      await page.keyboard.press('v');
      await page.waitForTimeout(300);
      await until(async () => stage.differingShare(atRest, await shoot())).toBe(0);
    }
    // The next case begins without unsaved moves, after the time in which these are kept.
    await page.waitForTimeout(1200);
    await page.evaluate(() => {
      localStorage.removeItem('hutch-painter');
      localStorage.removeItem('hutch-geometry-draft-AGIPD1M');
    });
    await open();
    stage.said.splice(0, stage.said.length, ...stage.said.filter((said) => !said.includes('GL Driver Message')));
  }, 180_000);

  it('saves what is shown, and reads it again; an unsaved move survives a reload', async () => {
    const { page } = stage;
    const before = await position('Q3');
    await page.keyboard.press('3');
    await page.keyboard.press('Control+Shift+ArrowDown');
    const moved = [before[0], before[1] - 10];
    await until(() => position('Q3')).toEqual(moved);
    await tab('files');
    await until(() => page.getByTestId('saved-state').textContent()).toBe('not saved');
    // The draft is kept a moment after the last move.
    await until(() => page.evaluate(() => localStorage.getItem('hutch-geometry-draft-AGIPD1M'))).not.toBeNull();
    await page.reload();
    await tab('files');
    await page.getByTestId('draft').getByRole('button', { name: 'Take up' }).click();
    await tab('parts');
    await until(() => position('Q3'), 60_000).toEqual(moved);
    await tab('files');
    const { name, text } = await save();
    // The server's file with its comments, under another name.
    expect(name).toBe('geometry-moved.geom');
    const served = readFileSync(join(stage.proposal, 'usr', 'geometry.geom'), 'utf8');
    const comments = (geom: string) => geom.split('\n').filter((line) => line.startsWith(';'));
    expect(comments(served).length).toBeGreaterThan(0);
    expect(comments(text)).toEqual(comments(served));
    const [x, y] = quadPositions(geometryFromCrystfel(text, AGIPD_1M))[2];
    expect(x).toBeCloseTo(moved[0], 1);
    expect(y).toBeCloseTo(moved[1], 1);
    await until(() => page.getByTestId('saved-state').textContent()).toBe('saved');

    await page.getByTestId('geometry-picker').setInputFiles({
      name: 'mine.geom',
      mimeType: 'text/plain',
      buffer: Buffer.from(`; measured at night\n${text}`),
    });
    await until(() => page.getByTestId('files-said').textContent()).toBe('mine.geom opened');
    const again = await save();
    expect(again.name).toBe('mine-moved.geom');
    expect(again.text).toContain('; measured at night');
    await page.getByTestId('geometry-picker').setInputFiles({
      name: 'broken.geom',
      mimeType: 'text/plain',
      buffer: Buffer.from('p0/corner_x = far'),
    });
    await until(() => page.getByTestId('files-said').textContent()).toContain('broken.geom');
    await tab('parts');
    await until(() => position('Q3')).toEqual(moved);
  }, 120_000);

  it('keeps geometries by name: back to one, and arrows from it, after a reload, too', async () => {
    const { page } = stage;
    await tab('history');
    await page.getByTestId('snapshot-name').fill('before beamtime');
    await page.getByTestId('snapshot-keep').click();
    const kept = page.getByTestId('snapshot-before beamtime');
    await kept.waitFor();
    await tab('parts');
    const before = await position('Q3');
    await page.getByTestId('part-Q3').locator('td').first().click();
    await page.keyboard.press('Control+Shift+ArrowUp');
    await until(() => position('Q3')).toEqual([before[0], before[1] + 10]);
    await tab('history');
    await page.getByLabel('Compare with before beamtime').click();
    await page.getByTestId('compare-arrows').waitFor({ state: 'attached' });
    await kept.getByRole('button', { name: 'Go back' }).click();
    await until(() => page.locator('.step[aria-current]').textContent()).toContain('back to before beamtime');
    await tab('parts');
    await until(() => position('Q3')).toEqual(before);
    await page.keyboard.press('Control+z');
    await until(() => position('Q3')).toEqual([before[0], before[1] + 10]);
    await page.keyboard.press('Control+z');
    await page.reload();
    await tab('history');
    await kept.waitFor({ timeout: 60_000 });
    await page.getByLabel('Forget before beamtime').click();
    await kept.waitFor({ state: 'detached' });
    await tab('parts');
  }, 120_000);

  it('has helpers, levels of parts, and an address that opens the same again', async () => {
    const { page } = stage;
    await tab('helpers');
    await page.getByTestId('add-circle').click();
    await page.getByTestId('add-rectangle').click();
    await page.getByTestId('helper-2').waitFor({ state: 'attached' });
    await tab('move');
    await page.getByTestId('level-module').click();
    await page.getByTestId('field-geometry-distance').fill('152');
    await page.getByTestId('field-geometry-distance').press('Enter');
    await page.getByLabel('Calibrant', { exact: true }).selectOption('CeO2');
    await until(() => page.url()).toMatch(/distance=0\.152.*calibrant=CeO2.*level=module/);
    await page.reload();
    await until(() => page.getByTestId('field-geometry-distance').inputValue(), 60_000).toBe('152');
    await tab('parts');
    await until(() => page.getByTestId('part-M15').count()).toBe(1);
    await page.getByTestId('over-max').click();
    await until(() => page.locator('.prov').allTextContents(), 90_000).toContainEqual(
      expect.stringMatching(/run 4 · maximum of 26 frames, 13 trains/),
    );
  }, 180_000);

  it('draws the same picture with WebGL and without', async () => {
    const { page } = stage;
    const shoot = async (painter: 'webgl' | 'raster') => {
      await page.evaluate((choice) => localStorage.setItem('hutch-painter', choice), painter);
      await open();
      await page.keyboard.press('Escape');
      await page.mouse.move(2, 2);
      const picture = page.getByTestId('geometry-image');
      let last = await picture.screenshot();
      for (let same = 0, tries = 0; same < 3 && tries < 40; tries++) {
        await page.waitForTimeout(400);
        const next = await picture.screenshot();
        same = next.equals(last) ? same + 1 : 0;
        last = next;
      }
      return last;
    };
    const [shader, raster] = [await shoot('webgl'), await shoot('raster')];
    await page.evaluate(() => localStorage.removeItem('hutch-painter'));
    // The software driver complains that its picture is read back, which only a browser without a GPU does.
    stage.said.splice(0, stage.said.length, ...stage.said.filter((said) => !said.includes('GL Driver Message')));
    // Graphics drivers put corners on a grid of 1/16 to 1/256 of a screen pixel, a noisy frame shows where that chose a neighbour.
    expect(await stage.differingShare(shader, raster)).toBeLessThan(0.04);
  }, 180_000);
}

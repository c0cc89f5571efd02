import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { colourTable } from '../../src/display/colormap.ts';
import { colourPlace } from '../../src/display/scale.ts';
import { encodeNpy } from '../../src/formats/npy.ts';
import { openRun } from '../../src/platform/node/open-run.ts';
import { GOLDEN_RUN, type Stage, until } from './stage.ts';

const XGM = { source: 'SA1_XTD2_XGM/XGM/DOOCS:output', key: 'data.intensityTD' };
const MOTOR = { source: 'SPB_IRU_MOT/MOTOR/X1', key: 'actualPosition.value' };
const FIRST = 1_000_000_000;

/** Every way to look at a run: tree, plots, comparison, missing data, exports. Numbers are compared with those of the files. */
export function runCases(stage: Stage): void {
  const open = (query: Record<string, string>) =>
    stage.page.goto(`${stage.address}/run/p900001/34?${new URLSearchParams({ data: 'raw', ...query })}`);
  const readKey = async ({ source, key }: { source: string; key: string }) => {
    const run = await openRun({ path: GOLDEN_RUN });
    try {
      return await run.key(source, key).read();
    } finally {
      await run.close();
    }
  };
  /** Saves what a click downloads. */
  const download = async (click: () => Promise<void>) => {
    const [file] = await Promise.all([stage.page.waitForEvent('download'), click()]);
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  };
  const tab = (name: string) => stage.page.getByTestId(`tab-${name}`).click();

  it('groups the sources, finds keys and aliases, and walks with arrows', async () => {
    const { page } = stage;
    await open({});
    await page.getByTestId('similar-SPB_DET_AGIPD1M-1/DET/{0-2, 7, 15}CH0:xtdf').click();
    const modules = () =>
      page
        .locator('[data-testid^="source-SPB_DET_AGIPD1M-1"]')
        .evaluateAll((rows) =>
          rows.map((row) => Number(/\/(\d+)CH0/.exec(row.getAttribute('data-testid') ?? '')?.[1])),
        );
    await until(modules).toEqual([0, 1, 2, 7, 15]);
    const search = page.getByLabel('Search sources');
    await search.fill('xgm intensity');
    await page.getByTestId(`key-${XGM.key}`).waitFor();
    await search.fill('mot-x-target');
    await page.getByTestId('key-targetPosition.value').waitFor();
    expect(await page.getByTestId(`key-${XGM.key}`).count()).toBe(0);
    await search.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until(() => page.url()).toContain('key=targetPosition.value');
    await search.fill('');
  }, 60_000);

  it('draws a heat map in the colours of its values, and a click on it shows the train', async () => {
    const { page } = stage;
    const values = (await readKey(XGM)).data as Float32Array;
    await open({ ...XGM, plot: 'map' });
    const canvas = page.getByTestId('heat-map');
    await canvas.waitFor();
    await until(async () => (await stage.shownImage('map')).shape).toEqual([40, 6]);
    const shown = (await stage.shownImage('map')).data;
    for (let train = 0; train < 6; train++)
      for (let index = 0; index < 40; index++) expect(shown[index * 6 + train]).toBe(values[40 * train + index]);
    const sorted = [...values].sort((a, b) => a - b);
    const levels = { low: sorted[Math.floor(0.01 * 239)], high: sorted[Math.ceil(0.99 * 239)] };
    const table = colourTable('viridis');
    for (const [train, index] of [
      [0, 0],
      [5, 39],
      [3, 20],
    ]) {
      const at = 4 * Math.round(255 * colourPlace(values[40 * train + index], levels, 'lin'));
      const pixel = await canvas.evaluate(
        (element, [x, y]) => [
          ...((element as HTMLCanvasElement).getContext('2d')?.getImageData(x, y, 1, 1).data ?? []),
        ],
        [train, 39 - index],
      );
      expect([train, index, ...pixel]).toEqual([train, index, ...table.subarray(at, at + 4)]);
    }
    const box = await canvas.boundingBox();
    if (!box) throw new Error('no heat map');
    await page.mouse.move(box.x + box.width * 0.75, box.y + 2);
    await until(() => page.getByTestId('heat-readout').textContent()).toContain('element 39');
    await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
    await until(() => page.url()).toContain(`trainId=${FIRST + 4}`);
  }, 60_000);

  it('plots one train, the mean, one value, a record, a picture and a text', async () => {
    const { page } = stage;
    await open({ ...XGM, plot: 'train' });
    await page.getByTestId('curve-plot').waitFor();
    await page.getByTestId('choose-mean').click();
    await until(() => page.getByText('mean over 6 trains').count()).toBe(1);
    await page.getByTestId('choose-trains').click();
    await page.getByTestId('element').fill('3');
    await until(() => page.url()).toContain('index=3');
    await open({ source: 'SPB_REMI_DLD6/DET/TOP:output', key: 'rec.hits' });
    await page.getByLabel('Field').selectOption('y');
    await until(() => page.url()).toContain('field=y');
    await page.getByTestId('series-plot').waitFor();
    await open({ source: 'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput', key: 'data.image.pixels', trainId: String(FIRST + 1) });
    await page.getByTestId('key-image').waitFor();
    await open({ source: 'SA1_XTD2_XGM/XGM/DOOCS', key: 'state.value' });
    await page.getByTestId('text-changes').waitFor();
    await until(() => page.getByTestId('run-values').count()).toBe(1);
  }, 90_000);

  it('compares two keys, matched by train, and says what was left out', async () => {
    const { page } = stage;
    await open(MOTOR);
    await page.getByTestId('series-plot').waitFor();
    await page.getByLabel('Search sources').fill('TSENS value');
    await page.getByTestId('source-SPB_VAC/TSENS/T1').waitFor();
    await page.locator('[data-testid^="key-"]').first().focus();
    await page.keyboard.press('Shift+Enter');
    await page.getByTestId('compare-plot').waitFor();
    await until(() => page.getByTestId('compare-readout').textContent()).toMatch(
      /^5 trains have both; left out: 1 without/,
    );
    await page.getByTestId('choose-scatter').click();
    await until(() => page.url()).toContain('compare=scatter');
    await page.getByTestId('compare-end').click();
    await page.getByTestId('series-plot').waitFor();
    await page.getByLabel('Search sources').fill('');
  }, 60_000);

  it('shows where data are missing, and a click goes to that train', async () => {
    const { page } = stage;
    await open({ train: '0' });
    await tab('missing');
    const bar = page.getByTestId('missing-SPB_VAC/TSENS/T1');
    await bar.waitFor();
    expect(await bar.getAttribute('aria-label')).toContain('data in 5 of 6 trains');
    const gaps = await bar
      .locator('rect.gone')
      .evaluateAll((rects) => rects.map((r) => [r.getAttribute('x'), r.getAttribute('width')]));
    expect(gaps).toEqual([['0', '1']]);
    const box = await bar.boundingBox();
    if (!box) throw new Error('no bar');
    await page.mouse.click(box.x + box.width * 0.9, box.y + box.height / 2);
    await until(() => page.url()).toContain(`trainId=${FIRST + 5}`);
    await until(async () => (await stage.shownMeta())?.trainId).toBe(FIRST + 5);
  }, 60_000);

  it('exports the bytes of the files', async () => {
    const { page } = stage;
    await open(XGM);
    await tab('export');
    const npy = await download(() => page.getByTestId('export-start').click());
    expect(npy.name).toBe('p900001-r0034-SA1_XTD2_XGM_XGM_DOOCS_output-data.intensityTD.npy');
    expect(npy.bytes.equals(Buffer.concat(encodeNpy(await readKey(XGM))))).toBe(true);
    await page.locator('[data-testid="export-job"][data-state="saved"]').first().waitFor();

    await page.getByLabel('Search sources').fill('IRU_MOT actualPosition');
    const boxes = page.getByLabel('Export actualPosition.value');
    await until(() => boxes.count()).toBeGreaterThan(1);
    for (const box of await boxes.all()) await box.check();
    await page.getByTestId('export-parquet').click();
    const parquet = await download(() => page.getByTestId('export-start').click());
    const rows = await parquetReadObjects({ file: new Uint8Array(parquet.bytes).buffer });
    const motor = (await readKey(MOTOR)).data as Float64Array;
    expect(rows.map((row) => [Number(row['trainId']), row[`${MOTOR.source}/actualPosition`]])).toEqual(
      Array.from(motor, (value, i) => [FIRST + i, value]),
    );
    expect(Object.keys(rows[0]).length).toBeGreaterThan(2);
    await page.getByText('untick all').click();
    await page.getByLabel('Search sources').fill('');
  }, 60_000);

  it('copies code that follows the choice', async () => {
    const { page } = stage;
    await open({ ...XGM, plot: 'train' });
    await tab('code');
    const code = page.getByTestId('code');
    await until(() => code.textContent()).toContain('by_id[[1000000000]]');
    await page.getByRole('button', { name: 'Hutch', exact: true }).click();
    await until(() => code.textContent()).toContain(`dataRoot: '${join(stage.folder)}'`);
  }, 60_000);
}

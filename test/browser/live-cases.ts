import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeSyntheticTrains, type SyntheticOptions } from '../../src/bridge/synthetic-detector.ts';
import { frameAxesOf, inFileOrder } from '../../src/core/frame-order.ts';
import { type NdArray, ndarray } from '../../src/core/ndarray.ts';
import { assembleModules } from '../../src/detector/assembly.ts';
import type { Detector } from '../../src/detector/detector.ts';
import { DSSC_1M } from '../../src/detector/dssc.ts';
import { exampleGeometry } from '../../src/detector/geometry.ts';
import { jungfrau } from '../../src/detector/jungfrau.ts';
import { LPD_1M } from '../../src/detector/lpd.ts';
import { snapGeometry } from '../../src/detector/snapped-geometry.ts';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { startHutch } from '../../tools/demo-browser.ts';
import { type Stage, until } from './stage.ts';

const endpointsOf = async (stage: Stage) => (await stage.liveState()).sources.map(({ endpoint }) => endpoint);

const BEYOND = -1e9;

/** A simulated train of one pulse as the picture that its detector's example geometry makes of it; NaN where nothing is. */
function truePicture(options: Pick<SyntheticOptions, 'detector' | 'layout'>, detector: Detector) {
  const [modules, slowScan, fastScan] = detector.dataShape;
  const [train] = makeSyntheticTrains({ ...options, isRaw: true, values: 'random', pulses: 1, sources: 1 }, 1);
  const stack = new Float32Array(modules * slowScan * fastScan);
  let at = 0;
  for (const { data } of train.sources.values()) {
    const array = (data.get('image.data') ?? data.get('data.adc')) as NdArray<'uint16'>;
    const layout = { modules, slowScan, fastScan };
    const axes = frameAxesOf(array.shape, layout, train.sources.size === 1, { frames: 1 });
    if (!axes) throw new Error(`${array.shape} is no shape of ${detector.name}`);
    const frame = inFileOrder(array, axes, layout).data as Uint16Array;
    stack.set(frame, at);
    at += frame.length;
  }
  return assembleModules(snapGeometry(exampleGeometry(detector)), ndarray('float32', [...detector.dataShape], stack));
}

/** Several bridges, the source monitor, a key plotted live, recordings and their replay. */
export function liveCases(stage: Stage): void {
  let demoEndpoint = '';

  it('takes a second bridge, shows its sources and keys, plots one, and lets it go', async () => {
    const { page } = stage;
    await stage.openLive();
    [demoEndpoint] = await endpointsOf(stage);
    const second = `tcp://127.0.0.1:${await findFreePort()}`;
    const simulator = await startHutch(['bridge', 'sim', second, '-d', 'control', '-n', '2', '--rate', '10'], /./);
    try {
      const add = page.getByTestId('field-add-endpoint');
      await add.fill('http://somewhere');
      await add.press('Enter');
      expect(await page.getByText('tcp://host:port or ipc:///path · Esc empties').isVisible()).toBe(true);
      await add.fill('tcp://127.0.0.1:99999');
      expect(await page.getByText('a port is between 1 and 65535', { exact: false }).isVisible()).toBe(true);
      await add.fill(demoEndpoint);
      expect(await page.getByText('it is there already', { exact: false }).isVisible()).toBe(true);
      await add.press('Enter');
      expect(await endpointsOf(stage)).toEqual([demoEndpoint]);
      await add.fill(second);
      await add.press('Enter');
      await until(() => endpointsOf(stage)).toEqual([demoEndpoint, second]);
      await until(() => page.getByTestId('endpoint-state-2').textContent()).toMatch(/receiving.*Hz/);
      expect(await page.getByTestId('endpoint-state').textContent()).toMatch(/receiving.*Hz · .*B\/s/);

      await page.getByTestId('tab-sources').click();
      const rows = page.getByTestId('live-source');
      const before = await rows.count();
      await page.getByTestId('source-search').fill(second.slice('tcp://'.length));
      await until(() => rows.count()).toBeLessThan(before);
      expect(await page.getByTestId('source-count').textContent()).toMatch(/^\d+ of \d+ sources$/);
      await rows.filter({ hasText: '/X1' }).click();
      const keys = page.getByTestId('live-key');
      await until(() => keys.count()).toBeGreaterThan(0);
      expect(await page.getByTestId('live-source-keys').textContent()).toContain(second);
      await keys.filter({ hasText: /float/ }).first().click();
      await page.getByTestId('live-key-plot').waitFor({ timeout: 20_000 });
      await until(() => page.getByTestId('live-key-readout').textContent()).toMatch(/now, ([2-9]|\d\d+) trains/);

      await page.getByTestId('source-search').fill('');
      await page.getByTestId('tab-parameters').click();
      await page.getByTestId('endpoint-on-2').click();
      await until(() => page.getByTestId('endpoint-state-2').textContent()).toBe('off');
      await page.getByTestId('endpoint-remove-2').click();
      await until(() => endpointsOf(stage)).toEqual([demoEndpoint]);
      await page.getByTestId('endpoint-2').waitFor({ state: 'detached' });
    } finally {
      await simulator.stop();
    }
  }, 120_000);

  it.each([
    ['JUNGFRAU', 'file', jungfrau(8)],
    ['LPD', 'online', LPD_1M],
    ['DSSC', 'file', DSSC_1M],
    ['DSSC', 'online', DSSC_1M],
  ] as const)(
    'shows a %s in %s order as it is, and says that it is raw and placed as the example',
    async (name, layout, detector) => {
      const { page } = stage;
      await stage.openLive();
      const before = await stage.liveState();
      const own = before.sources[0].endpoint;
      const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
      // Few trains: without a GPU a browser has enough to do with one of 4 Mpixels.
      const data = ['-d', name, '--data-like', layout, '--raw', '--pulses', '1', '--ring', '1', '--rate', '1'];
      const simulator = await startHutch(['bridge', 'sim', endpoint, ...data], /./);
      const watch = async (wanted: string) => {
        const field = page.getByTestId('field-endpoint');
        await field.fill(wanted);
        await field.press('Enter');
      };
      try {
        await watch(endpoint);
        const picture = truePicture({ detector: name, layout }, detector);
        await until(() => page.evaluate(() => window.hutchTest?.image()?.shape), 60_000).toEqual(picture.shape);
        const places = Array.from({ length: 5000 }, (_, i) => (i * 7919 * 101 + 13 * i) % picture.data.length);
        const shown = await page.evaluate(
          ([at, none]) =>
            (at as number[]).map((i) => {
              const value = window.hutchTest?.image()?.data[i] ?? Number.NaN;
              return Number.isNaN(value) ? (none as number) : value;
            }),
          [places, BEYOND],
        );
        expect(shown).toEqual(places.map((i) => (Number.isNaN(picture.data[i]) ? BEYOND : picture.data[i])));
        expect(shown.filter((value) => value !== BEYOND).length).toBeGreaterThan(2000);
        const notes = await page.getByTestId('live-notes').textContent();
        expect(notes).toMatch(new RegExp(`Example positions of ${detector.name}|is ${detector.name} \\(`));
        expect(notes).toContain(`Raw counts: constants are made for AGIPD1M, not for ${detector.name}.`);
        await page.getByRole('button', { name: 'Hide these notes' }).click({ timeout: 60_000 });
        await page.getByTestId('live-notes').waitFor({ state: 'detached' });
        const [centreY, centreX] = snapGeometry(exampleGeometry(detector)).centre;
        expect((await stage.liveState()).integration).toMatchObject({ centreX, centreY });
      } finally {
        await simulator.stop();
        await watch(own);
      }
      await until(async () => (await stage.liveState()).integration, 60_000).toEqual(before.integration);
      expect((await stage.liveState()).roi).toEqual(before.roi);
      await stage.waitForTrains();
    },
    240_000,
  );

  it('records what comes, and replays it with the bridges switched off', async () => {
    const { page } = stage;
    await stage.openLive();
    const lamp = page.getByTestId('record-lamp');
    await lamp.getByRole('button').click();
    await page.getByLabel('Name of the recording', { exact: false }).fill('three-seconds');
    await page.getByTestId('record').click();
    await until(() => lamp.textContent()).toMatch(/^\d+ trains$/);
    await page.waitForTimeout(3000);
    expect(await page.getByTestId('recording-progress').textContent()).toMatch(
      /three-seconds.*[1-9]\d* trains · .*MB.*dropped/,
    );
    await page.getByTestId('record').click();
    await until(() => lamp.textContent()).toBe('off');
    const row = page.getByTestId('recording').filter({ hasText: 'three-seconds' });
    await until(() => row.textContent()).toMatch(/[1-9]\d* trains · .*MB.* sources.*train [\d\s]+ – [\d\s]+/);
    expect(await page.getByTestId('recordings-folder').textContent()).toBe(stage.recordings);

    await row.getByLabel('Replay', { exact: false }).click();
    await until(async () => (await stage.liveState()).sources.map(({ isOn }) => isOn)).toEqual([false, true]);
    await until(() => lamp.textContent()).toBe('replay');
    await page.getByTestId('replay-loop').click();
    await until(() => page.getByTestId('replay-state').textContent()).toBe('playing');
    const recorded = await row.textContent();
    const [first, last] = [...(recorded ?? '').matchAll(/(\d[\d\s]{10,}\d)/g)].map(([text]) =>
      Number(text.replace(/\s/g, '')),
    );
    await until(async () => (await stage.shownMeta())?.trainId ?? 0).toBeGreaterThanOrEqual(first);
    await until(async () => (await stage.shownMeta())?.trainId ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(last);
    await page.getByTestId('replay-pause').click();
    await until(() => page.getByTestId('replay-state').textContent()).toBe('paused');
    await until(() => page.getByTestId('live-notice').textContent()).toContain('The replay is paused');
    await page.getByTestId('replay-pause').click();
    await page.getByTestId('live-notice').waitFor({ state: 'detached', timeout: 30_000 });

    await page.getByTestId('replay-stop').click();
    await until(async () => (await stage.liveState()).sources).toEqual([
      { endpoint: demoEndpoint, socket: 'REQ', isOn: true },
    ]);
    await until(() => lamp.textContent()).toBe('off');
    await until(async () => (await stage.shownMeta())?.trainId ?? 0, 30_000).toBeGreaterThan(last);

    const download = page.waitForEvent('download');
    await row.getByLabel('Download', { exact: false }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('three-seconds.tar');
    expect(statSync(await file.path()).size).toBeGreaterThan(1_000_000);
    await row.getByLabel('Delete', { exact: false }).click();
    await page.getByTestId('delete-question').getByText('Keep').click();
    expect(existsSync(join(stage.recordings, 'three-seconds'))).toBe(true);
    await row.getByLabel('Delete', { exact: false }).click();
    await page.getByTestId('delete-confirm').click();
    await row.waitFor({ state: 'detached' });
    expect(readdirSync(stage.recordings)).toEqual([]);
    await page.getByTestId('tab-parameters').click();
  }, 150_000);
}

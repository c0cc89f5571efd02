import { expect, it } from 'vitest';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { startHutch } from '../../tools/demo-browser.ts';
import { type Stage, until } from './stage.ts';

const endpointsOf = async (stage: Stage) => (await stage.liveState()).sources.map(({ endpoint }) => endpoint);

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
    await page.getByTestId('tab-parameters').click();
  }, 150_000);
}

import { expect, it } from 'vitest';
import { type Stage, until } from './stage.ts';

/** Panels, fields, keys and themes of the Live page. */
export function workspaceCases(stage: Stage): void {
  it('holds an edit back until Enter; Esc restores; what is impossible is refused with its reason', async () => {
    const { page } = stage;
    await stage.openLive();
    const field = page.getByTestId('field-distance');
    const count = page.getByTestId('pending-count');
    const before = (await stage.liveState()).integration.distance;
    await field.fill('0.18');
    await until(() => count.textContent()).toBe('1 pending');
    expect(await page.getByText(`was ${before}`, { exact: false }).isVisible()).toBe(true);
    expect((await stage.liveState()).integration.distance).toBe(before);
    await field.press('Escape');
    expect(await field.inputValue()).toBe(String(before));
    await until(() => count.textContent()).toBe('all applied');

    await field.fill('-3');
    await field.press('Enter');
    expect(await page.getByText('between 0.001 and 100', { exact: false }).isVisible()).toBe(true);
    expect(await page.getByTestId('pending-foot').getByRole('button', { name: /Apply/ }).isDisabled()).toBe(true);
    await field.fill('0.17');
    await field.press('Enter');
    await until(async () => (await stage.liveState()).integration.distance).toBe(0.17);
    await until(() => count.textContent()).toBe('all applied');
  }, 90_000);

  it('obeys its keys', async () => {
    const { page } = stage;
    const pause = page.getByTestId('pause');
    // A field keeps the keys to itself.
    await page.getByTestId('field-distance').blur();
    await page.keyboard.press(' ');
    await until(() => pause.textContent()).toContain('Go live');
    await page.getByTestId('paused').waitFor();
    await page.keyboard.press('g');
    await until(() => page.getByRole('button', { name: 'log', pressed: true }).count()).toBeGreaterThan(0);
    await page.keyboard.press('r');
    await until(() => page.getByRole('button', { name: 'lin', pressed: true }).count()).toBe(1);
    await page.keyboard.press('k');
    await until(() => page.getByRole('button', { name: 'Lock levels' }).getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('k');

    const before = (await stage.liveState()).roi;
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Alt+ArrowRight');
    const want = { x: before.x + 1, y: before.y + 10, width: before.width + 1 };
    await until(async () => (await stage.liveState()).roi).toMatchObject(want);
    await page.keyboard.press('1');
    await until(async () => (await stage.liveState()).roi.isOn).toBe(false);
    await page.keyboard.press('1');
    await until(async () => (await stage.liveState()).roi.isOn).toBe(true);

    await page.keyboard.press('/');
    await page.keyboard.type('energy');
    await until(() => page.getByTestId('field-energy').isVisible()).toBe(true);
    expect(await page.getByTestId('field-points').isVisible()).toBe(false);
    await page.keyboard.press('Escape');
    await until(() => page.getByTestId('field-points').isVisible()).toBe(true);
    await page.getByLabel('Find a parameter').blur();
    await page.keyboard.press('?');
    await page.getByTestId('keys-overlay').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('keys-overlay').waitFor({ state: 'detached' });
    await page.keyboard.press(' ');
    await until(() => pause.textContent()).toContain('Pause');
  }, 60_000);

  it('reads pixels out, and a point of I(q) draws its ring', async () => {
    const { page } = stage;
    const box = await page.getByTestId('live-image').boundingBox();
    if (!box) throw new Error('no picture');
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.32);
    const readout = page.getByTestId('live-image-readout');
    await until(() => readout.textContent()).toMatch(/x \d+.*y \d+.*q \d.*(M\d+ · ss \d+, fs \d+|gap)/);
    await page.keyboard.press('c');
    await page.getByTestId('crosshair').waitFor({ state: 'attached' });
    await page.keyboard.press('c');
    const plot = await page.getByTestId('iq-plot').boundingBox();
    if (!plot) throw new Error('no curve');
    await page.mouse.move(plot.x + plot.width * 0.6, plot.y + plot.height * 0.5);
    await page.getByTestId('ring').waitFor({ state: 'attached' });
    await page.mouse.move(5, 400);
    await page.getByTestId('ring').waitFor({ state: 'detached' });
  }, 60_000);

  it('keeps its layout over a reload, and can be reset', async () => {
    const { page } = stage;
    await page.getByTestId('close-curve').click();
    await page.getByTestId('iq-plot').waitFor({ state: 'detached' });
    // The layout is written a moment after the last change.
    await until(() => page.evaluate(() => localStorage.getItem('hutch-layout-live-narrow'))).not.toContain('"curve"');
    await page.reload();
    await page.getByTestId('trend-plot').waitFor();
    expect(await page.getByTestId('iq-plot').count()).toBe(0);
    await page.getByTestId('panels-menu').click();
    await page.getByTestId('panel-curve').click();
    await page.getByTestId('iq-plot').waitFor();
    const width = async () => (await page.getByTestId('iq-plot').boundingBox())?.width ?? 0;
    await page.getByTestId('maximise-curve').click();
    await until(width).toBeGreaterThan(1000);
    await page.getByTestId('maximise-curve').click();
    await until(width).toBeLessThan(700);
    await page.getByTestId('panels-menu').click();
    await page.getByTestId('reset-layout').click();
    await page.getByTestId('iq-plot').waitFor();
  }, 60_000);

  it('opens with the default where the stored layout is broken', async () => {
    const { page } = stage;
    for (const broken of ['{"panels":', '{"panels":{"detector":{}},"grid":3}', '{"panels":{"gone":{}}}']) {
      await page.goto(`${stage.address}/runs`);
      await page.evaluate((text) => localStorage.setItem('hutch-layout-live-narrow', text), broken);
      await page.goto(`${stage.address}/live`);
      await page.getByTestId('iq-plot').waitFor();
      await page.getByTestId('trend-plot').waitFor();
    }
  }, 60_000);

  it('changes its theme and remembers it', async () => {
    const { page } = stage;
    const colour = () =>
      page.evaluate(() => getComputedStyle(document.getElementById('strip') as Element).backgroundColor);
    const dark = await colour();
    await page.getByTestId('theme-toggle').click();
    await until(() => page.locator('html').getAttribute('data-theme')).toBe('light');
    expect(await colour()).not.toBe(dark);
    await page.reload();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
    await page.getByTestId('theme-toggle').click();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  }, 60_000);
}

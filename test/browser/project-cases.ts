import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parsePattern } from '../../src/formats/pattern-text.ts';
import { golden, type Stage, until } from './stage.ts';

/** Several configurations, project files and automatic saving on the Geometry page. */
export function projectCases(stage: Stage): void {
  const open = async (query = 'proposal=p700000&run=4') => {
    // A page that is left with files in memory asks; nobody is there to answer.
    await stage.page.goto(`${stage.address}/geometry?${query}`);
    await stage.page.getByTestId('tab-curve').click();
    await stage.page.getByTestId('analysis-iq').waitFor({ timeout: 120_000 });
    await tab('project');
  };
  const tab = (name: string) => stage.page.getByTestId(`tab-${name}`).click();
  const text = (id: string) => stage.page.getByTestId(id).textContent();
  const foot = () => stage.page.getByTestId('analysis-curve').locator('.prov').textContent();
  const enter = async (id: string, value: string) => {
    await stage.page.getByTestId(id).fill(value);
    await stage.page.getByTestId(id).press('Enter');
  };
  const download = async (act: () => Promise<unknown>) => {
    const [file] = await Promise.all([stage.page.waitForEvent('download'), act()]);
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  };
  const pattern = async () => {
    const { bytes } = await download(() => stage.page.getByTestId('save-pattern').selectOption('xy'));
    return parsePattern(bytes.toString());
  };
  /** What is saved when nothing changes any more: while something moves a quicker method is on screen. */
  const settledPattern = async () => {
    let [before, now] = ['', 'nothing'];
    while (before !== now) {
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      now = JSON.stringify(await pattern());
    }
    return pattern();
  };
  const mask = async (low: string, high: string) => {
    await tab('mask');
    await enter('mask-low', low);
    await enter('mask-high', high);
    await stage.page.getByTestId('mask-threshold').click();
    await until(() => text('mask-count')).toMatch(/pixels masked/);
    await tab('project');
  };
  /** The project that the other cases open. */
  let project: Buffer;

  it('two configurations of one detector, each with one part of the pixels, are the whole together', async () => {
    const { page } = stage;
    await open();
    await tab('integration');
    await page.getByTestId('method').selectOption('no');
    await enter('bins', '200');
    await enter('radial-range', '1 to 3');
    await tab('curve');
    await until(foot).toContain('mean of');
    const whole = await settledPattern();
    expect([whole.x.length, whole.x[0]]).toEqual([200, expect.closeTo(1.005, 4)]);
    // Nothing of configurations is on the page while there is one.
    expect(await page.getByTestId('curve-configuration').count()).toBe(0);
    await mask('no limit', '5');
    await page.getByTestId('configuration-add').selectOption('copy');
    await enter('configuration-name', 'bright');
    await tab('mask');
    await page.getByTestId('mask-invert').click();
    await tab('project');
    await page.getByTestId('configuration-combined').check();
    await until(foot, 60_000).toContain('2 combined');
    await until(async () => (await pattern()).x.length).toBe(200);
    let both = await pattern();
    const far = () => Math.max(...whole.y.map((value, i) => Math.abs(both.y[i] / value - 1)));
    await until(async () => {
      both = await pattern();
      return far();
    }, 60_000).toBeLessThan(1e-4);
    // One of them alone is far from it.
    await page.getByTestId('curve-configuration-one').click();
    await until(foot).not.toContain('combined');
    // Not every bin has a bright pixel.
    expect((await settledPattern()).x.length).toBeLessThan(200);
    await page.getByTestId('curve-configuration-combined').click();
    project = (await download(() => page.getByTestId('project-save').click())).bytes;
    expect(await text('project-said')).toMatch(/2 configurations, 2 masks/);
  }, 240_000);

  it('a project comes back from its file; damaged and newer ones change nothing', async () => {
    const { page } = stage;
    await open();
    const load = (name: string, content: string | Buffer) =>
      page
        .getByTestId('project-open')
        .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) });
    const whole = project.toString();
    await load('cut.hutch.json', whole.slice(0, 5000));
    await until(() => text('project-said')).toMatch(/cut\.hutch\.json is not JSON/);
    await load('newer.hutch.json', whole.replace('"version": 1', '"version": 9'));
    await until(() => text('project-said')).toMatch(/newer program \(project version 9/);
    await load('odd.hutch.json', whole.replace('"method": "no"', '"method": "best"'));
    await until(() => text('project-said')).toMatch(/configurations\[0\]\.settings\.method must be one of/);
    expect(await page.getByTestId('configuration').count()).toBe(1);
    expect(await foot()).not.toContain('combined');
    await load('p.hutch.json', whole);
    await until(() => text('project-said')).toMatch(/2 configurations, 2 masks/);
    await until(foot, 60_000).toContain('2 combined');
    expect(await page.getByTestId('configuration').count()).toBe(2);
    expect(await page.getByTestId('configuration-name').inputValue()).toBe('bright');
    await until(async () => (await pattern()).x.length, 60_000).toBe(200);
  }, 180_000);

  it('what was left is offered after a reload, and taken up', async () => {
    const { page } = stage;
    await open();
    await tab('mask');
    await enter('mask-high', '50');
    await page.getByTestId('mask-threshold').click();
    await until(() => text('mask-count')).toMatch(/pixels masked/);
    const count = await text('mask-count');
    // It is kept a moment after the hand rests.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await open();
    await tab('mask');
    expect(await text('mask-count')).toBe('no pixel is masked');
    await tab('setup');
    await until(() => text('project-left')).toMatch(/run 4, 1 configuration, 1 mask/);
    await page.getByTestId('project-left').getByRole('button', { name: 'Take up' }).click();
    await tab('mask');
    await until(() => text('mask-count')).toBe(count);
    await page.getByTestId('mask-clear').click();
  }, 180_000);

  it('every pattern becomes a file of a folder, and rows of a batch an archive', async () => {
    const { page } = stage;
    await page.addInitScript(() => {
      // A folder of the browser's own: nobody can answer the question for another one here.
      Object.assign(window, { showDirectoryPicker: () => navigator.storage.getDirectory() });
    });
    await open('proposal=p700000&run=4&over=one');
    await page.getByTestId('autosave-dat').check();
    await page.getByTestId('autosave-folder').click();
    await until(() => text('autosave-said')).toMatch(/saving: 2 files/);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.goto(page.url()).catch(() => undefined);
    await page.getByTestId('tab-curve').click();
    await tab('project');
    const files = await page.evaluate(async () => {
      const folder = (await navigator.storage.getDirectory()) as unknown as AsyncIterable<
        readonly [string, { getFile(): Promise<File> }]
      >;
      const found: [string, string][] = [];
      for await (const [name, handle] of folder) found.push([name, await (await handle.getFile()).text()]);
      return found;
    });
    expect(files.map(([name]) => name).sort()).toEqual([
      expect.stringMatching(/^p700000-r0004-t\d+-p0\.dat$/),
      expect.stringMatching(/^p700000-r0004-t\d+-p0\.xy$/),
    ]);
    const [[, dat]] = files.filter(([name]) => name.endsWith('.dat'));
    expect(parsePattern(dat).sigma?.length).toBeGreaterThan(100);
    await page.getByTestId('autosave-archive').click();
    await until(() => text('autosave-said')).toMatch(/saving: 1 file in an archive/);
    await tab('batch');
    await enter('batch-every', '4');
    await page.getByTestId('batch-start').click();
    await until(() => text('batch-readout'), 90_000).toContain('4 trains');
    await page.getByTestId('batch-start').waitFor({ timeout: 90_000 });
    await tab('project');
    await until(() => text('autosave-said')).toMatch(/4 files in an archive/);
    await page.getByTestId('autosave-stop').click();
    const { name, bytes } = await download(() => page.getByTestId('autosave-download').click());
    expect(name).toBe('p700000-r0004-patterns.tar');
    const list = execFileSync('tar', ['tf', '-'], { input: bytes }).toString().trim().split('\n');
    expect(list).toHaveLength(4);
    for (const each of list) expect(each).toMatch(/^p700000-r0004-patterns\/p700000-r0004-t\d+-p0\.xy$/);
  }, 240_000);

  it('two detectors of a run in one curve, the same whichever is on the page', async () => {
    const { page } = stage;
    const run = join(stage.folder, 'XMPL', '202601', 'p700001', 'raw', 'r0009');
    mkdirSync(run, { recursive: true });
    for (const each of ['lpd-parallelgain', 'jungfrau-burst'])
      for (const file of readdirSync(join(golden, each)).filter((name) => name.endsWith('.h5')))
        copyFileSync(join(golden, each, file), join(run, file));
    await open('proposal=p700001&run=9&over=one');
    await page.getByTestId('configuration-add').selectOption({ label: 'SPB_IRDA_JF4M' });
    await until(() => page.url()).toContain('detector=SPB_IRDA_JF4M');
    await page.getByTestId('configuration-combined').check();
    await until(foot, 60_000).toContain('2 combined');
    await until(async () => (await pattern()).x.length).toBeGreaterThan(200);
    await until(() => text('analysis-iq')).toContain('ADU and keV');
    await enter('configuration-scale', '7');
    const first = await settledPattern();
    await page.getByTestId('curve-configuration').locator('select').selectOption({ label: 'LPD1M' });
    await until(() => page.url()).toContain('detector=FXE_DET_LPD1M-1');
    await until(foot, 60_000).toMatch(/2 combined.*pulse/);
    const second = await settledPattern();
    expect(second.x).toEqual(first.x);
    for (const [i, value] of first.y.entries()) expect(Math.abs(second.y[i] / value - 1)).toBeLessThan(1e-6);
    // What was removed by mistake comes back.
    await page.getByLabel('Remove JUNGFRAU').click();
    await until(() => page.getByTestId('configuration').count()).toBe(1);
    await page.getByTestId('configuration-back').click();
    await until(() => page.getByTestId('configuration').count()).toBe(2);
    await page.goto(`${stage.address}/runs`);
  }, 240_000);
}

import { it } from 'vitest';
import { type Stage, until } from './stage.ts';

/** Runs with bad files or without a detector: the pages say what, where and how to fix. Their replies are errors, on purpose. */
export function fileCases(stage: Stage): void {
  it('shows in the table of runs which files cannot be read', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/runs?proposal=p700001&run=1`);
    const details = page.getByRole('region', { name: 'Chosen run' });
    await page.getByTestId('run-row-1').waitFor();
    await until(() => details.textContent()).toContain('is cut off');
    await page.getByTestId('run-row-2').click();
    await until(() => details.textContent()).toContain('is not an HDF5 file');
    await until(() => page.url()).toContain('run=2');
  }, 60_000);

  it('tells on the page of a run why it cannot be opened', async () => {
    const { page } = stage;
    const message = page.getByTestId('query-error');
    await page.goto(`${stage.address}/run/p700001/1`);
    await until(() => message.textContent()).toMatch(/cut off: \d+ bytes of \d+.*still being written or copied/);
    await page.goto(`${stage.address}/run/p700001/2`);
    await until(() => message.textContent()).toContain('is not an HDF5 file');
    await page.goto(`${stage.address}/run/p700001/77`);
    await until(() => message.textContent()).toContain('77');
  }, 60_000);

  it('shows a run without a detector: its keys can be plotted', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/run/p700001/3`);
    await page.getByTestId('no-detector').waitFor();
    await page.getByLabel('Search sources').fill('SPB_IRU_MOT/MOTOR/X1 actualPosition.value');
    await page.getByTestId('key-actualPosition.value').click();
    await until(
      async () => (await page.getByTestId('series-plot').count()) + (await page.getByTestId('query-error').count()),
    ).toBeGreaterThan(0);
  }, 60_000);
}

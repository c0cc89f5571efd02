import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeNpy } from '../../src/formats/npy.ts';
import { openRun } from '../../src/platform/node/open-run.ts';
import { GOLDEN_RUN, golden, type Stage, until } from './stage.ts';

const XGM = { source: 'SA1_XTD2_XGM/XGM/DOOCS:output', key: 'data.intensityTD' };
const FILE = 'RAW-R0034-DA01-S00000.h5';

/** A web server of the golden run. @param hasRanges whether it answers range requests */
async function serveFolder(hasRanges: boolean): Promise<{ server: Server; address: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, reply) => {
    const bytes = readFileSync(join(GOLDEN_RUN, decodeURIComponent((request.url ?? '').slice(1))));
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    reply.setHeader('access-control-allow-origin', '*');
    reply.setHeader('access-control-expose-headers', 'content-range');
    reply.setHeader('access-control-allow-headers', 'range');
    requests.push(request.headers.range ?? '');
    if (!range || !hasRanges) {
      reply.end(request.method === 'OPTIONS' ? '' : bytes);
      return;
    }
    const [start, stop] = [Number(range[1]), Math.min(bytes.length, Number(range[2]) + 1)];
    reply
      .writeHead(206, { 'content-range': `bytes ${start}-${stop - 1}/${bytes.length}` })
      .end(bytes.subarray(start, stop));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Files that are opened in the browser: dropped, picked, or by their address. */
export function droppedCases(stage: Stage): void {
  const names = readdirSync(GOLDEN_RUN);
  const query = new URLSearchParams({ ...XGM, plot: 'map' });
  /** Heat map of the XGM on the page of a run. */
  const shownMap = async () => {
    await until(async () => (await stage.shownImage('map').catch(() => null))?.shape).toEqual([40, 6]);
    return (await stage.shownImage('map')).data;
  };
  /** Shows the run in the table without loading the page anew, which would forget it. */
  const openChosen = async () => {
    await stage.page.getByTestId('open-run').click();
    await stage.page.getByLabel('Search sources').fill('xgm intensityTD');
    await stage.page.getByTestId(`key-${XGM.key}`).click();
    await stage.page.getByTestId('choose-map').click();
  };

  it('opens a dropped run, and its numbers are those of the server', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/run/p900001/34?data=raw&${query}`);
    const expected = await shownMap();
    await page.goto(`${stage.address}/runs`);
    const files = names.map((name) => [name, readFileSync(join(GOLDEN_RUN, name)).toString('base64')] as const);
    await page.evaluate((all) => {
      const transfer = new DataTransfer();
      for (const [name, base64] of all) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    }, files);
    await until(() => page.url(), 30_000).toContain('proposal=dropped&run=1');
    await until(() => page.locator('main').textContent()).toContain('nothing is uploaded');
    await openChosen();
    await until(() => page.url()).toContain('/run/dropped/1');
    expect(await shownMap()).toEqual(expected);
    await page.getByTestId('tab-facts').click();
    expect((await page.getByTestId('run-facts').textContent()) ?? '').toContain('nothing was uploaded');
    await until(async () => (await stage.page.getByTestId('frame-image').count()) > 0).toBe(true);
  }, 90_000);

  it('exports from a dropped file the same bytes', async () => {
    const { page } = stage;
    await page.getByTestId('tab-export').click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-start').click()]);
    const run = await openRun({ path: GOLDEN_RUN });
    const wanted = Buffer.concat(encodeNpy(await run.key(XGM.source, XGM.key).read()));
    await run.close();
    expect(file.suggestedFilename()).toBe('dropped-r0001-SA1_XTD2_XGM_XGM_DOOCS_output-data.intensityTD.npy');
    expect(readFileSync(await file.path()).equals(wanted)).toBe(true);
  }, 60_000);

  it('lists damaged and foreign files with the reason, and reads the others', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/runs`);
    const bad = ['truncated', 'not-hdf5'].flatMap((name) =>
      readdirSync(join(golden, 'validate', name)).map((file, i) => ({
        name: `RAW-R0034-DA9${i}-S0000${name.length % 10}.h5`,
        mimeType: 'application/x-hdf5',
        buffer: readFileSync(join(golden, 'validate', name, file)),
      })),
    );
    const good = { name: FILE, mimeType: 'application/x-hdf5', buffer: readFileSync(join(GOLDEN_RUN, FILE)) };
    await page.getByTestId('pick-files').setInputFiles([...bad, good]);
    const details = page.getByRole('region', { name: 'Chosen run' });
    await until(() => details.textContent(), 30_000).toMatch(/cut off/);
    expect(await details.textContent()).toMatch(/not an HDF5 file/);
    await page.getByTestId('open-run').click();
    await page.getByTestId('tab-facts').click();
    await until(() => page.getByTestId('skipped-file').count()).toBe(bad.length);
    await page.goto(`${stage.address}/runs`);
    await page.getByTestId('pick-files').setInputFiles(bad.slice(0, 1));
    await until(() => details.textContent(), 30_000).toMatch(/cut off/);
    // After a reload the files are gone
    await page.goto(`${stage.address}/run/dropped/1`);
    await until(() => page.getByTestId('query-error').textContent()).toContain('Drop them again');
  }, 90_000);

  it('reads a file over HTTP by ranges', async () => {
    const { page } = stage;
    await page.goto(`${stage.address}/run/p900001/34?data=raw&${query}`);
    const expected = await shownMap();
    const { server, address, requests } = await serveFolder(true);
    await page.goto(`${stage.address}/runs`);
    await page.getByTestId('open-address').click();
    const field = page.getByTestId('address');
    await field.fill('ftp://nowhere/file.h5');
    await field.press('Enter');
    await until(() => page.locator('form.address').textContent()).toContain('no http(s) address');
    await field.fill(
      names
        .filter((name) => name.includes('-DA'))
        .map((name) => `${address}/${name}`)
        .join(' '),
    );
    await field.press('Enter');
    await until(() => page.url(), 30_000).toContain('proposal=dropped');
    await openChosen();
    expect(await shownMap()).toEqual(expected);
    expect(requests.every((range) => range.startsWith('bytes='))).toBe(true);
    // Its address is a link: a page that is opened with it has the files again, and what was chosen.
    await until(() => page.url()).toContain('from=http');
    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    expect(await shownMap()).toEqual(expected);
    await page.goto(link.replace(/from=[^&]*/, 'from=nonsense'));
    await until(() => page.getByTestId('query-error').textContent()).toContain('The link is damaged');
    server.close();
  }, 150_000);

  it('says that a web server sends whole files only', async () => {
    const { page } = stage;
    const { server, address } = await serveFolder(false);
    await page.goto(`${stage.address}/runs`);
    await page.getByTestId('open-address').click();
    await page.getByTestId('address').fill(`${address}/${FILE}`);
    await page.getByTestId('address').press('Enter');
    const details = page.getByRole('region', { name: 'Chosen run' });
    await until(() => details.textContent(), 30_000).toContain('whole files only');
    server.close();
  }, 60_000);
}

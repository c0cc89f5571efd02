// `hutch serve` as a process: what it listens on, and what it says when it cannot start.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from './conformance/hdf5-run-expected.ts';
import { golden } from './golden/geometry/golden.ts';
import { type HutchProcess, runHutch, startHutch } from './server/hutch-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function start(...args: string[]): Promise<{ hutch: HutchProcess; address: string }> {
  const hutch = startHutch(['serve', '--port', '0', ...args]);
  const [, address] = await hutch.said(/Hutch is at (\S+)/);
  return { hutch, address };
}

async function stop({ child, ended }: HutchProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([0, expect.stringMatching(/Stopping \.\.\.\n$/)]);
}

describe('hutch serve', () => {
  it('listens on 127.0.0.1 alone, answers, and ends with Ctrl-C while somebody watches', async () => {
    const { hutch, address } = await start('--data-root', `${GOLDEN}root`);
    expect(new URL(address).hostname).toBe('127.0.0.1');
    const status = await (await fetch(`${address}/api/status`)).json();
    expect(status).toMatchObject({ name: 'hutch', isDemo: false, dataRoot: `${GOLDEN}root` });
    const proposals = await (await fetch(`${address}/api/proposals`)).json();
    expect(proposals.map((each: { proposal: string }) => each.proposal)).toEqual(['p900001']);
    const watching = new WebSocket(`${address.replace('http', 'ws')}/api/live/frames`);
    await new Promise((resolve) => watching.addEventListener('message', resolve, { once: true }));
    const begun = performance.now();
    await stop(hutch, 'SIGINT');
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it('--host opens it to other names', async () => {
    const { hutch, address } = await start('--host', '0.0.0.0');
    const { port } = new URL(address);
    const reply = await fetch(`http://127.0.0.1:${port}/api/status`, { headers: { origin: 'http://other.example' } });
    expect(reply.status).toBe(200);
    expect((await reply.json()).dataRoot).toBeNull();
    await stop(hutch, 'SIGTERM');
  });

  it('says which detector a geometry is of, and serves its picture', async () => {
    const { hutch, address } = await start('--geometry', `${golden}files/write_agipd500k.geom`);
    const geometry = await (await fetch(`${address}/api/live/geometry`)).json();
    expect(geometry.detector).toBe('AGIPD500K');
    hutch.child.kill('SIGTERM');
    const { stderr } = await hutch.ended;
    expect(stderr).toContain('write_agipd500k.geom: AGIPD500K, 8 modules of 512 x 128 pixels\n');
  });

  it('its data root may come from $EXTRA_DATA_DATA_ROOT', async () => {
    const hutch = startHutch(['serve', '--port', '0'], { env: { EXTRA_DATA_DATA_ROOT: `${GOLDEN}root` } });
    const [, address] = await hutch.said(/Hutch is at (\S+)/);
    expect((await (await fetch(`${address}/api/status`)).json()).dataRoot).toBe(`${GOLDEN}root`);
    await stop(hutch, 'SIGTERM');
  });
});

describe('hutch serve that cannot start', () => {
  let other: Server;
  let taken = 0;
  beforeAll(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    taken = (other.address() as { port: number }).port;
    writeFileSync(join(folder, 'wrong.geom'), 'photon_energy = 9300\nclen = 0.2\nres = 5000\np0a0/fs = 1e-3x\n');
    writeFileSync(join(folder, 'file.h5'), 'no folder');
  });
  afterAll(() => other.close());

  it.each([
    [
      'a taken port',
      () => ['--port', String(taken)],
      1,
      /Port \d+ of 127\.0\.0\.1 is used by another program.*--port 0/,
    ],
    ['no port', () => ['--port', '80000'], 2, /--port 80000 must be a whole number from 0 to 65535/],
    ['a foreign address', () => ['--port', '0', '--host', '203.0.113.7'], 2, /no address 203\.0\.113\.7.*--host 127/],
    ['a name without address', () => ['--port', '0', '--host', 'no.such.host.invalid'], 2, /no address no\.such\.host/],
    ['no data root', () => ['--data-root', '/no/such/folder'], 1, /\/no\/such\/folder does not exist.*--data-root/],
    ['a file as data root', () => ['--data-root', join(folder, 'file.h5')], 1, /is a file, not a folder.*--data-root/],
    [
      'no geometry file',
      () => ['--geometry', '/no/such.geom'],
      1,
      /\/no\/such\.geom cannot be read \(ENOENT\)\. Check/,
    ],
    ['a wrong geometry', () => ['--geometry', join(folder, 'wrong.geom')], 1, /wrong\.geom, line 4: fs = "1e-3x" must/],
    [
      'the geometry of another detector than is said',
      () => ['--geometry', `${golden}files/write_agipd500k.geom`, '--detector', 'AGIPD1M'],
      1,
      /write_agipd500k\.geom: no panel for module 8, tile 0;.* of AGIPD1M\. Its panels are those of AGIPD500K/,
    ],
    [
      'words about a geometry that is not given',
      () => ['--detector', 'LPD'],
      2,
      /--detector says how to read a geometry file: give it by --geometry FILE/,
    ],
    [
      'no endpoint',
      () => ['--port', '0', '--bridge', 'here'],
      1,
      /sources\.0\.endpoint "here" is no endpoint: write tcp/,
    ],
    ['an unknown option', () => ['--prot', '1'], 2, /unknown option '--prot'\s+\(Did you mean --port\?\)/],
  ])('%s', async (_, args, code, reason) => {
    const ended = await runHutch(['serve', ...args()]);
    expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(reason) });
    expect(ended.stderr).not.toMatch(/\n\s+at |This is a bug/);
  });
});

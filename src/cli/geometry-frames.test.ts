import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHutch } from '../../test/server/hutch-process.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import { pixelPositions } from '../detector/geometry.ts';
import { decodeNpy } from '../formats/npy.ts';
import { loadGeometry } from '../platform/node/load-geometry.ts';
import { openRun } from '../platform/node/open-run.ts';
import { loadFrameCorrector } from '../platform/node/proposal-constants.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-frames-'));
const proposal = join(folder, 'XMPL', '202601', 'p700000');
const run = join(proposal, 'raw', 'r0004');
const truth = join(proposal, 'usr', 'truth', 'geometry.geom');
const [wrong, refined] = [join(folder, 'wrong.geom'), join(folder, 'refined.geom')];

beforeAll(async () => {
  expect(await runHutch(['example', folder])).toMatchObject({ code: 0 });
  // Q3 is displaced by (4, -3) px.
  const text = readFileSync(truth, 'utf8').replace(
    /^(p(?:8|9|10|11)a\d\/corner_(x|y) = )(.*)$/gm,
    (_, key, axis, value) => `${key}${Number(value) + (axis === 'x' ? 4 : -3)}`,
  );
  writeFileSync(wrong, text);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refine = (...more: string[]) =>
  runHutch(['geometry', 'refine', run, '-g', wrong, '--calibrant', 'LaB6', '-o', refined, '--json', ...more]);

/** The pixel that is farthest from its true place, in pixels. */
async function farthestPx(): Promise<number> {
  const [a, b] = [await loadGeometry(truth), await loadGeometry(refined)];
  const [from, to] = [pixelPositions(a).data, pixelPositions(b).data];
  let farthest = 0;
  for (let i = 0; i < from.length; i++) farthest = Math.max(farthest, Math.abs(from[i] - to[i]));
  return farthest / a.detector.pixelSize;
}

describe('raw AGIPD frames of a proposal with dark runs', () => {
  const CORRECTED = 'raw frames corrected with dark runs r0001, r0002, r0003 and the gain of usr/constants/gain.h5';

  it('are corrected for refine, which finds a displaced quadrant far better than with --raw', async () => {
    const { code, stdout, stderr } = await refine();
    expect([code, stderr]).toEqual([0, expect.stringContaining(CORRECTED)]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ isConverged: true, frames: expect.stringContaining(CORRECTED) });
    expect(found.parts[2].shiftPx[0]).toBeCloseTo(-4, 0);
    const error = await farthestPx();
    expect(error).toBeLessThan(0.15);
    const raw = await refine('--raw');
    expect(raw.stderr).toBe('raw, uncorrected, as --raw asks\n');
    expect(await farthestPx()).toBeGreaterThan(2 * error);
  }, 60_000);

  it('are corrected for assemble as the server does, and left alone with --raw', async () => {
    const output = join(folder, 'frame.npy');
    const call = ['geometry', 'assemble', run, '-g', truth, '--train', '3', '--pulse', '1', '-o', output, '--json'];
    const made = await runHutch(call);
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining(CORRECTED) });
    const sum = (array: ReturnType<typeof decodeNpy>) =>
      (array.data as Float32Array).reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0);
    const image = decodeNpy(readFileSync(output));

    const corrector = await loadFrameCorrector(proposal);
    const opened = await openRun({ path: run });
    let [expected, adu] = [0, 0];
    try {
      const detector = openDetector(opened, { isRaw: true });
      const { array, cellId, modulesPresent } = await detector.readFrame(detector.trainIds[3], 1);
      const raw = array.data as Uint16Array;
      const pixels = 512 * 128;
      for (let module = 0; module < 16; module++) {
        if (!modulesPresent[module]) continue;
        const analogue = raw.subarray(2 * module * pixels, (2 * module + 1) * pixels);
        const gain = raw.subarray((2 * module + 1) * pixels, (2 * module + 2) * pixels);
        const corrected = corrector?.correct(module, { analogue, gain, cellId });
        for (const value of corrected?.data ?? []) if (!Number.isNaN(value)) expected += value;
        for (const value of analogue) adu += value;
      }
    } finally {
      await opened.close();
    }
    expect(Math.abs(sum(image) / expected - 1)).toBeLessThan(1e-4);
    expect(await runHutch([...call, '--raw'])).toMatchObject({ code: 0, stderr: 'raw, uncorrected, as --raw asks\n' });
    expect(Math.abs(sum(decodeNpy(readFileSync(output))) / adu - 1)).toBeLessThan(1e-3);
  }, 60_000);

  it('are said to be uncorrected where there are no dark runs', async () => {
    renameSync(join(proposal, 'raw', 'r0002'), join(proposal, 'r0002'));
    try {
      const { code, stderr, stdout } = await refine('--trains', '0:2');
      expect(stderr).toMatch(/^raw, uncorrected: no constants found\. .*p700000 has no set of three AGIPD dark runs/);
      expect([0, 1]).toContain(code);
      expect(JSON.parse(stdout).frames).toBe(stderr.trim());
    } finally {
      renameSync(join(proposal, 'r0002'), join(proposal, 'raw', 'r0002'));
    }
  }, 60_000);
});

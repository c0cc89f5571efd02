import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDetector } from '../src/data/detectors/open-detector.ts';
import { generateExample } from '../src/platform/node/example-files.ts';
import { nodeHdf5Opener } from '../src/platform/node/hdf5-open.ts';
import { openRun } from '../src/platform/node/open-run.ts';
import { loadFrameCorrector } from '../src/platform/node/proposal-constants.ts';

const PHOTON_KEV = 9.3;
const PIXELS = 512 * 128;
const root = mkdtempSync(join(tmpdir(), 'hutch-truth-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('the example, corrected with constants from its own dark runs', () => {
  let proposal = '';
  beforeAll(async () => {
    proposal = await generateExample(root, { modules: [3, 4], trains: 6 });
  });

  it('gives the true photons: >= 99.5 % of good pixels below 5 photons within half a photon', async () => {
    const corrector = await loadFrameCorrector(proposal);
    if (!corrector) throw new Error('the example has dark runs');
    const run = await openRun({ path: join(proposal, 'raw', 'r0004') });
    const truth = await nodeHdf5Opener.open(join(proposal, 'usr', 'truth', 'r0004-photons.h5'));
    const faults = await nodeHdf5Opener.open(join(proposal, 'usr', 'truth', 'detector.h5'));
    const detector = openDetector(run);
    let right = 0;
    let total = 0;
    let masked = 0;
    let good = 0;
    for (const [train, trainId] of run.trainIds.entries()) {
      for (let pulse = 0; pulse < 2; pulse++) {
        const frame = await detector.readFrame(trainId, pulse).catch(() => null);
        if (!frame) continue;
        for (const [index, module] of [3, 4].entries()) {
          if (!frame.modulesPresent[module]) continue;
          const raw = (frame.array.data as Uint16Array).subarray(module * 2 * PIXELS, (module + 1) * 2 * PIXELS);
          const corrected = corrector.correct(module, {
            analogue: raw.subarray(0, PIXELS),
            gain: raw.subarray(PIXELS),
            cellId: frame.cellId,
          });
          const photons = truth.read('/photons', { start: [train * 2 + pulse, index, 0, 0], count: [1, 1, 512, 128] })
            .data as Uint16Array;
          const fault = faults.read(`/AGIPD0${module}/faults`).data as Uint8Array;
          for (let i = 0; i < PIXELS; i++) {
            if (fault[i] !== 0) continue;
            good++;
            const value = corrected?.data[i] ?? Number.NaN;
            if (Number.isNaN(value)) masked++;
            else if (photons[i] < 5) {
              total++;
              if (Math.abs(value / PHOTON_KEV - photons[i]) < 0.5) right++;
            }
          }
        }
      }
    }
    truth.close();
    faults.close();
    await run.close();
    console.log(
      `photons right within 0.5: ${((100 * right) / total).toFixed(3)} % of ${total} good pixels; ${((100 * masked) / good).toFixed(3)} % of good pixels masked`,
    );
    expect(total).toBeGreaterThan(1e6);
    expect(right / total).toBeGreaterThanOrEqual(0.995);
    expect(masked / good).toBeLessThan(0.01);
  });

  it('will not replace a folder that is not an example', async () => {
    rmSync(join(proposal, 'hutch-example.json'));
    await expect(generateExample(root, { modules: [3], trains: 1 })).rejects.toThrow(/was not made by/);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndarray } from '../core/ndarray.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry, pixelPositions } from '../detector/geometry.ts';
import { crystfelFromGeometry } from '../detector/geometry-crystfel-write.ts';
import { offsetGeometry } from '../detector/move-geometry.ts';
import { calibrantByName, calibrantRings } from '../detector/powder/calibrant.ts';
import { encodeNpy } from '../formats/npy.ts';

const BIN = fileURLToPath(new URL('../../bin/hutch', import.meta.url));
const TRUTH = exampleGeometry(AGIPD_1M);
let folder: string;

function call(...args: string[]) {
  return spawnSync(process.execPath, [BIN, 'geometry', ...args], { encoding: 'utf8', cwd: folder });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-refine-'));
  const rings = calibrantRings(calibrantByName('LaB6'), 9.3, { maxTwoTheta: 0.8 });
  const positions = pixelPositions(TRUTH).data;
  const values = Float32Array.from({ length: positions.length / 3 }, (_, i) => {
    const twoTheta = Math.atan2(Math.hypot(positions[3 * i], positions[3 * i + 1]), 0.16);
    return rings.reduce(
      (sum, ring) => sum + 50 * Math.exp(-0.5 * ((twoTheta - ring.twoTheta) / 1.5e-3) ** 2),
      2 + (i % 7) / 7,
    );
  });
  writeFileSync(join(folder, 'mean.npy'), Buffer.concat(encodeNpy(ndarray('float32', [16, 512, 128], values))));
  const wrong = offsetGeometry(TRUTH, [8e-4, -6e-4, 0], { modules: [8, 12] });
  const text = crystfelFromGeometry(
    { ...wrong, metadata: { distance: 0.16, photonEnergyKeV: 9.3, aduPerEv: 1 } },
    { dataPath: '/data', layout: ['frame', 'modno', 'ss', 'fs'] },
  );
  writeFileSync(join(folder, 'wrong.geom'), `; kept comment\n${text}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('hutch geometry refine', () => {
  it('finds a displaced quadrant and writes the geometry with all else kept', () => {
    const { status, stdout, stderr } = call(
      'refine',
      'mean.npy',
      '-g',
      'wrong.geom',
      '--calibrant',
      'LaB6',
      '-o',
      'right.geom',
      '--json',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.isConverged).toBe(true);
    expect(found.parts[2].shiftPx[0]).toBeCloseTo(-4, 1);
    expect(found.parts[2].shiftPx[1]).toBeCloseTo(3, 1);
    expect(readFileSync(join(folder, 'right.geom'), 'utf8')).toMatch(/^; kept comment\n/);
    writeFileSync(
      join(folder, 'truth.geom'),
      crystfelFromGeometry(TRUTH, { dataPath: '/data', distance: 0.16, photonEnergyKeV: 9.3, aduPerEv: 1 }),
    );
    const shifts = JSON.parse(call('compare', 'truth.geom', 'right.geom', '--json').stdout) as { largest: number }[];
    expect(Math.max(...shifts.map(({ largest }) => largest))).toBeLessThan(0.2 * AGIPD_1M.pixelSize);
  });

  it('prints a table, keeps fixed parts, and says what cannot be', () => {
    const table = call(
      'refine',
      'mean.npy',
      '-g',
      'wrong.geom',
      '--calibrant',
      'LaB6',
      '--fixed',
      'Q3,q1',
      '--rings',
      '4',
    );
    expect(table.stdout).toMatch(/^Q3 +fixed +fixed/m);
    expect(table.stdout).toMatch(/ring residual \d+\.\d\d -> \d+\.\d\d px/);
    const refused = (...args: string[]) => {
      const { status, stderr } = call('refine', 'mean.npy', '-g', 'wrong.geom', ...args);
      return `${status} ${stderr}`;
    };
    expect(refused('--calibrant', 'cheese')).toMatch(/^1 .*No calibrant "cheese"/);
    expect(refused('--calibrant', 'LaB6', '--level', 'pixel')).toMatch(/^2 .*choose one of quadrant/);
    expect(refused('--calibrant', 'LaB6', '--fixed', 'Q9')).toMatch(/^2 .*no quadrant "Q9"; they are Q1 to Q4/);
    expect(refused('--calibrant', 'LaB6', '--free', 'rot3')).toMatch(/^2 .*choose of distance/);
  });
});

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GOLDEN } from '../../../test/conformance/hdf5-run-expected.ts';
import { openDetector } from '../../data/detectors/open-detector.ts';
import { openRun } from './open-run.ts';
import { copyStructure, writeFrames, writeOverview, writeRun, writeVirtual, writeVirtualCxi } from './write-data.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-write-data-'));
  cpSync(join(GOLDEN, 'runs/dssc'), join(folder, 'run'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every kind of file is written from a path, and none over an input', async () => {
  await using run = await openRun({ path: join(folder, 'run') });
  const detector = openDetector(run, { isRaw: true });
  const at = (name: string) => join(folder, 'out', name);
  const frames = [{ trainId: run.trainIds[0], pulseId: 4 }];
  await writeRun(run, at('run.h5'));
  await writeVirtual(run, at('virtual.h5'));
  await writeFrames(run, detector, at('frames.h5'), frames);
  await writeVirtualCxi(run, detector, at('frames.cxi'));
  await writeOverview(run);
  expect(await copyStructure(run.files[0], at('structure.h5'))).toEqual([]);
  for (const name of ['run.h5', 'virtual.h5', 'frames.h5']) {
    await using copy = await openRun({ path: at(name) });
    expect(copy.trainIds).toEqual(run.trainIds);
    expect(copy.sources).toEqual(run.sources);
  }
  await using through = await openRun({ path: join(folder, 'run') });
  expect(through.files).toEqual([join(folder, 'run/overview.h5')]);

  const [input] = run.files;
  const refusal = { tag: 'Usage' };
  await expect(writeRun(run, input)).rejects.toMatchObject(refusal);
  await expect(writeVirtual(run, input)).rejects.toMatchObject(refusal);
  await expect(writeRun(through, input)).rejects.toMatchObject(refusal);
  await expect(copyStructure(input, input)).rejects.toMatchObject(refusal);
});

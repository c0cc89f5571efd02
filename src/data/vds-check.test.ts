import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ndarray } from '../core/ndarray.ts';
import { createHdf5, type Hdf5Mapping } from '../formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { besideFile } from '../platform/node/write-target.ts';
import { checkVirtualDatasets } from './vds-check.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-vds-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const block = (row: number, count: number) => ({ start: [row], count: [count] });
const part = (file: string, dataset: string, row: number): Hdf5Mapping => ({
  file,
  dataset,
  source: block(0, 3),
  target: block(row, 3),
});

async function check(path: string) {
  const file = await nodeHdf5Opener.open(path);
  try {
    return await checkVirtualDatasets(file, nodeHdf5Opener, (name) => besideFile(path, name));
  } finally {
    file.close();
  }
}

it('tells what is missing, foreign or too short, and looks beside the file (the peer looks in the working directory)', async () => {
  const three = ndarray('int32', [3], Int32Array.of(1, 2, 3));
  mkdirSync(join(folder, 'sources'));
  writeFileSync(join(folder, 'sources/foreign.h5'), 'not an HDF5 file');
  await createHdf5(nodeHdf5Creator, join(folder, 'sources/good.h5'), (writer) => {
    writer.write('/x', three);
    writer.write('/short', ndarray('int32', [2], Int32Array.of(1, 2)));
  });
  const path = join(folder, 'virtual.h5');
  await createHdf5(nodeHdf5Creator, path, (writer) => {
    writer.write('/own', three);
    writer.virtual('/good', {
      dtype: 'int32',
      shape: [6],
      mappings: [part('sources/good.h5', '/x', 0), part('.', '/own', 3)],
    });
    writer.virtual('/below/bad', {
      dtype: 'int32',
      shape: [15],
      mappings: [
        part('sources/good.h5', '/x', 0),
        part('sources/good.h5', '/short', 3),
        part('sources/good.h5', '/absent', 6),
        part('sources/foreign.h5', '/x', 9),
        part('gone.h5', '/x', 12),
      ],
    });
  });
  const [bad, good] = await check(path);
  expect(good).toEqual({ path: '/good', shape: [6], mappings: 2, sources: 2, accessible: 2, problems: [] });
  expect([bad.path, bad.mappings, bad.sources, bad.accessible]).toEqual(['/below/bad', 5, 5, 1]);
  const reasons = bad.problems.map(({ file, dataset, reason }) => `${file} ${dataset}: ${reason}`);
  expect(reasons[0]).toMatch(/good.h5 \/short: .*shape \[2\].*\[3\]/);
  expect(reasons[1]).toMatch(/good.h5 \/absent: .*no such dataset/);
  expect(reasons[2]).toMatch(/foreign.h5 \/x: .*HDF5/);
  expect(reasons[3]).toMatch(/gone.h5 \/x: /);
  // Moved with its sources it is as good as before.
  mkdirSync(join(folder, 'moved'));
  renameSync(join(folder, 'sources'), join(folder, 'moved/sources'));
  renameSync(path, join(folder, 'moved/virtual.h5'));
  expect((await check(join(folder, 'moved/virtual.h5')))[1].accessible).toBe(2);
});

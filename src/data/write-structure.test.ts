import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import { createHdf5 } from '../formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { nodeWriteTarget } from '../platform/node/write-target.ts';
import { writeStructure } from './write-structure.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-structure-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything but values, by path. */
function shapeOf(file: Hdf5File): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const visit = (group: string) => {
    for (const child of file.children(group || '/')) {
      const path = `${group}/${child.name}`;
      if (child.link === 'soft') found[path] = child.target;
      else {
        const { path: _, ...info } = child.kind === 'dataset' ? file.datasetInfo(path) : { path };
        found[path] = { kind: child.kind, ...info, attributes: Object.fromEntries(file.attributes(path)) };
        if (child.kind === 'group') visit(path);
      }
    }
  };
  visit('');
  return found;
}

it.each([
  'root/SPB/202301/p900001/raw/r0034/RAW-R0034-DA01-S00000.h5',
  'root/SPB/202301/p900001/raw/r0034/RAW-R0034-DA02-S00000.h5',
  'root/SPB/202301/p900001/proc/r0034/CORR-R0034-AGIPD01-S00000.h5',
  'runs/fmt05/RAW-R0009-AGIPD07-S00000.h5',
  'runs/voview/overview.h5',
])('%s: same groups, types, shapes, storage, links and attributes', async (name) => {
  const source = await nodeHdf5Opener.open(join(GOLDEN, name));
  const path = join(folder, name.replaceAll('/', '_'));
  expect(await writeStructure(source, nodeWriteTarget(path))).toEqual([]);
  const copy = await nodeHdf5Opener.open(path);
  expect(shapeOf(copy)).toEqual(shapeOf(source));
  expect(copy.read('/INDEX/trainId')).toEqual(source.read('/INDEX/trainId'));
  copy.close();
  source.close();
  expect(statSync(path).size).toBeLessThan(statSync(join(GOLDEN, name)).size);
});

it('values of CONTROL and RUN on demand', async () => {
  const source = await nodeHdf5Opener.open(join(GOLDEN, 'root/SPB/202301/p900001/raw/r0034/RAW-R0034-DA01-S00000.h5'));
  const value = 'SPB_IRU_MOT/MOTOR/X1/actualPosition/value';
  for (const [name, options] of [
    ['none', {}],
    ['control', { hasControlValues: true }],
    ['both', { hasControlValues: true, hasRunValues: true }],
  ] as const) {
    const path = join(folder, `${name}.h5`);
    await writeStructure(source, nodeWriteTarget(path), options);
    const copy = await nodeHdf5Opener.open(path);
    const isSame = (at: string) => String(copy.read(at).data) === String(source.read(at).data);
    expect([name, isSame(`/CONTROL/${value}`), isSame(`/RUN/${value}`)]).toEqual([
      name,
      'hasControlValues' in options,
      'hasRunValues' in options,
    ]);
    copy.close();
  }
  source.close();
});

it('names what it cannot copy', async () => {
  const path = join(folder, 'links.h5');
  await createHdf5(nodeHdf5Creator, path, (writer) => {
    writer.write('/x', ndarray('int32', [2], Int32Array.of(1, 2)));
    writer.externalLink('/gone', 'nowhere.h5', '/x');
  });
  const source = await nodeHdf5Opener.open(path);
  const skipped = await writeStructure(source, nodeWriteTarget(join(folder, 'links-copy.h5')));
  source.close();
  expect(skipped).toEqual([{ path: '/gone', reason: expect.stringContaining('leads nowhere') }]);
});

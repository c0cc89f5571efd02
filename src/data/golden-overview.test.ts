import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Difference, GoldenAnswers } from '../../test/conformance/golden-answers.ts';
import { runFacts } from '../../test/conformance/golden-run-facts.ts';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { typeStringOf } from '../core/dtype.ts';
import { isNdArray } from '../core/ndarray.ts';
import type { Hdf5Block, Hdf5DatasetInfo, Hdf5File, Hdf5VirtualSource } from '../formats/hdf5.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { openRun } from '../platform/node/open-run.ts';

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected entry is its own.
type Json = any;

const FOLDER = `${GOLDEN}runs/voview`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-overview-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DIFFERENCES: Difference[] = [
  { path: /^(fixture|peer)$/, reason: 'says how the answers were made' },
  { path: / > repr$/, reason: 'text that Python shows for the object: Hutch has none' },
  { path: /^structure > h5ls_r$/, reason: 'the same tree as `objects`, as text of another program' },
  { path: /^check > /, reason: 'text and exit of a program that checks the file; that it is used is compared' },
];

describe('golden: voview.json', () => {
  const golden = new GoldenAnswers('voview', DIFFERENCES);

  it('the file itself', async () => {
    const file = await nodeHdf5Opener.open(join(FOLDER, 'overview.h5'));
    try {
      const { root_attrs } = golden.get('structure');
      const attributes = Object.fromEntries([...file.attributes('/')].map(([name, value]) => [name, toJson(value)]));
      expect(Object.keys(attributes).sort()).toEqual(Object.keys(root_attrs).sort());
      golden.check(['structure', 'root_attrs'], attributes);
      const told: Json = {};
      visit(file, '', (path) => {
        told[path] = describeObject(file, path);
      });
      golden.check(['structure', 'objects'], told);
    } finally {
      file.close();
    }
  });

  it('the run through it', async () => {
    await using run = await openRun({ path: FOLDER });
    await using plain = await openRun({ path: FOLDER }, { useOverview: false });
    golden.check(['is_voview'], basename(run.files[0]) === 'overview.h5');
    golden.check(['n_files'], run.files.length);
    golden.check(['same_train_ids'], JSON.stringify(run.trainIds) === JSON.stringify(plain.trainIds));
    expect(plain.files).toHaveLength(4);
    golden.check(['info'], await runFacts(run, golden.get('info')));
  });

  it('every entry was compared', () => {
    golden.expectComplete();
  });
});

describe('overview files', () => {
  it('overview and suspect trains: those left out stay out, where the peer forgets the wish', async () => {
    await using all = await openRun({ path: FOLDER });
    await using some = await openRun({ path: FOLDER }, { includeSuspectTrains: false });
    await using plain = await openRun({ path: FOLDER }, { includeSuspectTrains: false, useOverview: false });
    expect(some.files).toHaveLength(1);
    expect(some.trainIds).toEqual(plain.trainIds);
    expect(some.trainIds.length).toBeLessThan(all.trainIds.length);
    const key = ['SA1_XTD2_XGM/XGM/DOOCS', 'beamPosition.ixPos'] as const;
    expect((await some.key(...key).read()).data).toEqual((await plain.key(...key).read()).data);
  });

  it('is ignored if only some files are wanted, or if a file is new, gone or of another size', async () => {
    await using some = await openRun({ path: FOLDER }, { include: '*DA01*' });
    expect(some.files).toHaveLength(2);
    const copy = join(folder, 'stale');
    cpSync(FOLDER, copy, { recursive: true });
    const first = join(copy, 'RAW-R0009-AGIPD00-S00000.h5');
    await using current = await openRun({ path: copy });
    expect(current.files).toHaveLength(1);
    cpSync(first, join(copy, 'RAW-R0009-AGIPD05-S00000.h5'));
    rmSync(first);
    await using renamed = await openRun({ path: copy });
    expect(renamed.files.map((path) => basename(path))).not.toContain('overview.h5');
    cpSync(join(copy, 'RAW-R0009-AGIPD05-S00000.h5'), first);
    // Both files now have the module's trains.
    await expect(openRun({ path: copy })).rejects.toMatchObject({ tag: 'FormatInvalid' });
    rmSync(join(copy, 'RAW-R0009-AGIPD05-S00000.h5'));
    writeFileSync(join(copy, 'RAW-R0009-AGIPD01-S00000.h5'), 'shorter');
    await using changed = await openRun({ path: copy });
    expect(changed.files).toHaveLength(3);
    expect(changed.skippedFiles).toHaveLength(1);
  });

  it('may lie in the proposal, where the run cannot be written', async () => {
    const proposal = join(folder, 'exp/SPB/202301/p900010');
    const path = join(proposal, 'raw/r0009');
    cpSync(FOLDER, path, { recursive: true });
    const place = join(proposal, 'usr/.extra_data/RAW-R0009-OVERVIEW.h5');
    cpSync(join(path, 'overview.h5'), place);
    rmSync(join(path, 'overview.h5'));
    await using run = await openRun({ path });
    await using plain = await openRun({ path }, { useOverview: false });
    expect(run.files).toEqual([place]);
    expect([run.trainIds, run.sources]).toEqual([plain.trainIds, plain.sources]);
    expect(run.source('SPB_DET_AGIPD1M-1/DET/1CH0:xtdf').aggregator).toBe('AGIPD01');
    expect(run.auxiliary.sources).toEqual(plain.auxiliary.sources);
  });

  it('is ignored if it is no overview', async () => {
    const copy = join(folder, 'broken');
    cpSync(FOLDER, copy, { recursive: true });
    writeFileSync(join(copy, 'overview.h5'), 'no HDF5 file, but long enough to look at');
    await using broken = await openRun({ path: copy });
    expect(broken.files).toHaveLength(4);
    cpSync(join(copy, 'RAW-R0009-AGIPD00-S00000.h5'), join(copy, 'overview.h5'));
    await using other = await openRun({ path: copy });
    expect(other.files).toHaveLength(4);
  });
});

function visit(file: Hdf5File, path: string, see: (path: string) => void): void {
  for (const { name, kind } of file.children(path || '/')) {
    see(`${path}/${name}`);
    if (kind === 'group') visit(file, `${path}/${name}`, see);
  }
}

function toJson(value: unknown): Json {
  if (isNdArray(value)) return Array.from(value.data as ArrayLike<unknown>, toJson);
  return typeof value === 'bigint' ? Number(value) : value;
}

function describeObject(file: Hdf5File, path: string): Json {
  const attrs = Object.fromEntries([...file.attributes(path)].map(([name, value]) => [name, toJson(value)]));
  const about = Object.keys(attrs).length > 0 ? { attrs } : {};
  if (file.kindOf(path) === 'group') return about;
  const info = file.datasetInfo(path);
  const type = typeName(info);
  return {
    ...about,
    dtype: type,
    shape: info.shape,
    maxshape: info.maxShape,
    ...(type === 'string' ? {} : { fillvalue: Number(info.fill ?? 0) }),
    ...(info.virtualSources
      ? { virtual: true, mappings: info.virtualSources.map((part) => mappingFacts(part, info.shape)) }
      : {}),
    ...(info.chunks
      ? {
          chunks: info.chunks,
          compression: info.filters.includes('deflate') ? 'gzip' : null,
          shuffle: info.filters.includes('shuffle'),
        }
      : {}),
  };
}

/** Block as the first and last position of each axis. */
function corners(block: Hdf5Block | undefined, shape: readonly number[]) {
  const { start, count } = block ?? { start: shape.map(() => 0), count: shape };
  return { start, end: start.map((n, axis) => n + count[axis] - 1) };
}

function mappingFacts({ file, dataset, source, target }: Hdf5VirtualSource, shape: readonly number[]): Json {
  const [to, from] = [corners(target?.[0], shape), corners(source?.[0], shape)];
  return {
    vspace_start: to.start,
    vspace_end: to.end,
    file,
    dset: dataset,
    src_start: from.start,
    src_end: from.end,
    // The peer declares sources just large enough.
    src_shape: from.end.map((n) => n + 1),
  };
}

function typeName({ type }: Hdf5DatasetInfo): string {
  if (type.kind !== 'plain') return type.kind;
  return type.dtype === 'string' ? 'string' : typeStringOf(type.dtype);
}

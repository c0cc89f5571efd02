import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Difference, GoldenAnswers } from '../../test/conformance/golden-answers.ts';
import { objectFacts } from '../../test/conformance/golden-objects.ts';
import { runFacts } from '../../test/conformance/golden-run-facts.ts';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { bytesOf, type NdArray } from '../core/ndarray.ts';
import { readFileIndex } from '../formats/euxfel-hdf5.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { libraryHdf5Opener, nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { openRun } from '../platform/node/open-run.ts';
import { nodeWriteTarget } from '../platform/node/write-target.ts';
import { openDetector } from './detectors/open-detector.ts';
import type { Run } from './run.ts';
import { writeFrames } from './write-frames.ts';
import { writeOverview } from './write-overview.ts';
import { type WriteRunOptions, writeRun } from './write-run.ts';
import { writeVirtual } from './write-virtual.ts';

const RAW = join(GOLDEN, 'root/SPB/202301/p900001/raw/r0034');
const PROC = join(GOLDEN, 'root/SPB/202301/p900001/proc/r0034');
const CAMERA = 'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-write-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const place = (run: Run, name: string) => nodeWriteTarget(join(folder, name), run.files);

async function written(run: Run, name: string, options?: WriteRunOptions): Promise<Run> {
  await writeRun(run, place(run, name), options);
  return openRun({ path: join(folder, name) });
}

const WRITTEN: readonly Difference[] = [
  { path: /^(fixture|peer|inputs)( > |$)/, reason: 'says how the answers were made' },
  { path: /h5ls_r$/, reason: 'the same tree as `objects`, as text of another program' },
  { path: / > repr$/, reason: 'text that Python shows for the object: Hutch has none' },
  { path: /root_attrs > writer$/, reason: 'names the program that wrote the file' },
  { path: /^selected.h5 > structure > objects > \/RUN/, reason: 'RUN is written, which the original leaves out' },
  { path: /^frames.h5 > structure > objects > \/(RUN|CONTROL)$/, reason: 'empty sections are there, too' },
  {
    path: / > attrs( > (alarm|unit|metric)|$)/,
    reason: 'attributes of keys and properties (units) are kept, which the original drops',
  },
  {
    path: / > reopened > .* > keys > .* > (attributes|units|units_name)/,
    reason: 'attributes of keys and properties (units) are kept, which the original drops',
  },
  {
    path: /objects > \/(INDEX\/origin|METADATA\/auxiliarySources|ERRATA|INDEX\/\w+@TRAINS_OUTSIDE_BUFFER_RANGE)\b/,
    reason: 'INDEX/origin and auxiliary sources are kept, which the original drops',
  },
  {
    path: /(METADATA\/dataFormatVersion > data > (sha256|first)|dataFormatVersion)( > .*)?$/,
    expected: /1\.0|d0ff5974/,
    reason: 'a file with INDEX/origin is of format 1.2',
  },
  { path: / > reopened > .* > (aggregator|data_category)$/, reason: 'nothing is null there and empty text here' },
  {
    path: /^selected.h5 > .*(sequenceNumber > data|sequenceNumber$)/,
    reason: 'the original takes METADATA from any file, here the second sequence; we from the first by name',
  },
  {
    path: /^selected.h5 > reopened > sources > .* > (run_values|device_class)/,
    reason: 'RUN is written: values and classes of devices survive',
  },
];

describe('golden: written.json', () => {
  const golden = new GoldenAnswers('written', WRITTEN);

  async function compare(name: string): Promise<void> {
    const file = await nodeHdf5Opener.open(join(folder, name));
    try {
      const { objects } = golden.get(name, 'structure');
      expect(file.attributes('/').get('writer')).toBe('hutch');
      golden.check([name, 'structure', 'objects'], objectFacts(file, objects, 'written'));
    } finally {
      file.close();
    }
    const facts = golden.get(name, 'reopened');
    if (!facts) return;
    await using run = await openRun({ path: join(folder, name) });
    golden.check([name, 'reopened'], await runFacts(run, facts));
  }

  it('selected keys and trains', async () => {
    await using raw = await openRun({ path: RAW });
    const selected = raw
      .select([
        ['*XGM*', 'beam*'],
        ['*XGM*', 'data.*'],
        [`${CAMERA}*`, '*'],
        ['*MOTOR/X1', 'actualPosition'],
      ])
      .selectTrains({ by: 'index', start: 1, stop: 5 });
    const result = await writeRun(selected, place(selected, 'selected.h5'));
    expect(result).toMatchObject({ trains: 4, sources: 4, skipped: [] });
    await compare('selected.h5');
  });

  it('virtual', async () => {
    await using raw = await openRun({ path: RAW });
    const selected = raw.select([
      ['*XGM*', 'beam*'],
      ['SPB_XTD9_MCP/ADC/1:*', 'data.peaks'],
      ['*/DET/*', 'image.pulseId'],
      ['*/DET/*', 'image.length'],
    ]);
    await writeVirtual(selected, place(selected, 'virtual.h5'));
    await compare('virtual.h5');
  });

  it('frames', async () => {
    await using raw = await openRun({ path: RAW });
    const frames = [
      { trainId: 1000000000, pulseId: 0 },
      { trainId: 1000000000, pulseId: 2 },
      { trainId: 1000000003, pulseId: 1 },
    ];
    await writeFrames(raw, openDetector(raw, { isRaw: true }), place(raw, 'frames.h5'), frames);
    await compare('frames.h5');
  });

  it('every entry was compared', () => {
    golden.expectComplete();
  });
});

describe('golden: voview.json, written by us', () => {
  const { structure } = readExpected('voview');
  const golden = new GoldenAnswers(
    'voview',
    [
      { path: /^h5ls_r$/, reason: 'the same tree as `objects`, as text of another program' },
      { path: /^root_attrs > writer$/, reason: 'names the program that wrote the file' },
      {
        path: /\/INDEX\/origin$|\/METADATA\/dataFormatVersion > data > (sha256|first)/,
        reason: 'INDEX/origin is kept, which the original drops; a file with it is of format 1.2',
      },
      {
        path: / > attrs( > |$)/,
        reason: 'attributes of keys and properties (units) are kept, which the original drops',
      },
    ],
    structure,
  );

  it('has the same objects, and readers use it', async () => {
    const copy = join(folder, 'runs/voview');
    cpSync(join(GOLDEN, 'runs/voview'), copy, { recursive: true });
    rmSync(join(copy, 'overview.h5'));
    await using run = await openRun({ path: copy }, { useOverview: false });
    await writeOverview(run, nodeWriteTarget(join(copy, 'overview.h5'), run.files), nodeFileStore);
    const file = await nodeHdf5Opener.open(join(copy, 'overview.h5'));
    const { objects } = structure;
    golden.check(['objects'], objectFacts(file, objects, 'runs/voview', `${folder}/`));
    golden.check(
      ['root_attrs', 'virtual_overview_version'],
      Number(file.attributes('/').get('virtual_overview_version')),
    );
    file.close();
    golden.expectComplete();
    // The HDF5 library reads virtual text only if it is marked as its source is.
    const library = await libraryHdf5Opener.open(join(copy, 'overview.h5'));
    const state = library.read('/CONTROL/SA1_XTD2_XGM/XGM/DOOCS/state/value');
    expect(new Set(state.data as string[])).toEqual(new Set(['OFF']));
    library.close();
    await using through = await openRun({ path: copy });
    expect(through.files).toEqual([join(copy, 'overview.h5')]);
    expect(through.trainIds).toEqual(run.trainIds);
    for (const name of run.sources) {
      for (const key of run.source(name).keys()) {
        if (run.key(name, key).dtype === 'record') continue;
        expectSameArray(await through.key(name, key).read(), await run.key(name, key).read(), `${name} ${key}`);
      }
    }
  });
});

function expectSameArray(got: NdArray, wanted: NdArray, label: string): void {
  expect([got.dtype, got.shape], label).toEqual([wanted.dtype, wanted.shape]);
  const content = (array: NdArray) =>
    Buffer.from(array.dtype === 'string' ? JSON.stringify(array.data) : bytesOf(array));
  expect(content(got).equals(content(wanted)), label).toBe(true);
}

/** Everything that two runs say must be equal. */
async function expectSameData(run: Run, copy: Run): Promise<void> {
  expect(copy.trainIds).toEqual(run.trainIds);
  expect(copy.sources).toEqual(run.sources);
  expect(copy.trainTimestamps()).toEqual(run.trainTimestamps());
  for (const name of run.sources) {
    expect(copy.source(name).keys(), name).toEqual(run.source(name).keys());
    for (const keyName of run.source(name).keys()) {
      const [key, copied] = [run.key(name, keyName), copy.key(name, keyName)];
      expect(copied.dataCounts(), `${name} ${keyName}`).toEqual(key.dataCounts());
      expect(copied.units).toBe(key.units);
      if (key.dtype === 'record') expect(await copied.readFields()).toEqual(await key.readFields());
      else expectSameArray(await copied.read(), await key.read(), `${name} ${keyName}`);
    }
    if (run.isSingleRun && run.controlSources.includes(name))
      expect(copy.source(name).runValues()).toEqual(run.source(name).runValues());
  }
}

describe('writeRun', () => {
  it.each([
    ['raw', RAW],
    ['proc, with legacy names', PROC],
    ['format 0.5', join(GOLDEN, 'runs/fmt05')],
    ['format 1.1', join(GOLDEN, 'runs/fmt11')],
    ['no trains', join(GOLDEN, 'runs/empty')],
    ['ragged trains', join(GOLDEN, 'runs/reduced')],
    ['DSSC', join(GOLDEN, 'runs/dssc')],
  ])('a whole run, with text and records (the peer crashes on text): %s', async (name, path) => {
    await using run = await openRun({ path });
    await using copy = await written(run, `${name}.h5`);
    await expectSameData(run, copy);
    expect(copy.legacySources).toEqual(run.legacySources);
  });

  it('sources that only an old name selects are there under both names', async () => {
    await using run = await openRun({ path: PROC });
    const old = run.select('*/DET/1CH*', 'image.data');
    expect(old.sources).toEqual([]);
    for (const [name, make] of [
      ['legacy.h5', writeRun],
      ['legacy-virtual.h5', writeVirtual],
    ] as const) {
      await make(old, place(old, name));
      await using copy = await openRun({ path: join(folder, name) });
      expect(copy.sources).toEqual(['SPB_DET_AGIPD1M-1/CORR/1CH0:output']);
      const [key] = old.legacySources.keys();
      expectSameArray(await copy.key(key, 'image.data').read(), await old.key(key, 'image.data').read(), name);
    }
  });

  it('trains out of order come in order (the peer fails)', async () => {
    const path = join(GOLDEN, 'runs/suspect/v05-tid-too-low');
    await using run = await openRun({ path });
    await using copy = await written(run, 'unordered.h5');
    expect(copy.trainIds).toEqual([...run.trainIds].sort((a, b) => a - b));
    for (const trainId of run.trainIds) {
      for (const [source, key] of [
        ['SA1_XTD2_XGM/XGM/DOOCS:output', 'data.trainId'],
        ['SPB_DET_AGIPD1M-1/DET/3CH0:xtdf', 'image.pulseId'],
      ] as const) {
        if (!run.hasKey(source, key)) continue;
        expectSameArray(
          await copy.key(source, key).readTrain(trainId),
          await run.key(source, key).readTrain(trainId),
          `${source} ${key}, train ${trainId}`,
        );
      }
    }
    const file = await nodeHdf5Opener.open(join(folder, 'unordered.h5'));
    const ids = Array.from(file.read('/INDEX/trainId').data as BigUint64Array, Number);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    file.close();
  });

  it('compression: like the source, none, or shuffle and gzip', async () => {
    await using run = await openRun({ path: PROC });
    const one = run.select('*/CORR/0CH0*', 'image.*');
    const filters = async (name: string) => {
      const file = await nodeHdf5Opener.open(join(folder, name));
      const info = file.datasetInfo('/INSTRUMENT/SPB_DET_AGIPD1M-1/CORR/0CH0:output/image/data');
      file.close();
      return [info.filters, info.deflateLevel, info.chunks];
    };
    const chunks = [1, 512, 128];
    const source = await nodeHdf5Opener.open(one.files[0]);
    const { deflateLevel } = source.datasetInfo('/INSTRUMENT/SPB_DET_AGIPD1M-1/CORR/0CH0:output/image/data');
    source.close();
    for (const [name, compression, wanted] of [
      ['as-source', 'source', [['shuffle', 'deflate'], deflateLevel, chunks]],
      ['plain', 'none', [[], undefined, chunks]],
      ['strong', { deflate: 7 }, [['shuffle', 'deflate'], 7, chunks]],
      ['unshuffled', { deflate: 2, shuffle: false }, [['deflate'], 2, chunks]],
    ] as const) {
      await using copy = await written(one, `${name}.h5`, { compression });
      expect(await filters(`${name}.h5`)).toEqual(wanted);
      await expectSameData(one, copy);
    }
  });

  it('several runs: only what all agree on is told of them', async () => {
    await using raw = await openRun({ path: join(GOLDEN, 'runs/fmt12') });
    await using other = await openRun({ path: join(GOLDEN, 'runs/dssc') });
    const both = raw.select('*XGM*').union(other);
    expect(both.isSingleRun).toBe(false);
    await using copy = await written(both, 'both.h5');
    await expectSameData(both, copy);
    const metadata = copy.runMetadata();
    expect(metadata.has('runNumber')).toBe(false);
    expect(metadata.get('proposalNumber')).toBe(700000);
    expect(metadata.get('dataFormatVersion')).toBe('1.2');
  });

  it('an abort leaves nothing, and what was there stays', async () => {
    const at = mkdtempSync(join(folder, 'abort-'));
    await using run = await openRun({ path: RAW });
    const target = nodeWriteTarget(join(at, 'out.h5'), run.files);
    await writeRun(run.select('*XGM*'), target);
    const before = readFileSync(join(at, 'out.h5'));
    const stop = new AbortController();
    const onProgress = (fraction: number) => {
      if (fraction > 0.4) stop.abort(new Error('stopped'));
    };
    await expect(writeRun(run, target, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    expect(readdirSync(at)).toEqual(['out.h5']);
    expect(readFileSync(join(at, 'out.h5')).equals(before)).toBe(true);
  });

  it('refuses to replace what it reads', async () => {
    await using run = await openRun({ path: RAW });
    expect(() => nodeWriteTarget(run.files[0], run.files)).toThrow('is read for the new file');
    // Also under another name of the folder.
    expect(() => nodeWriteTarget(join(RAW, '../r0034/.', run.files[0].slice(RAW.length)), run.files)).toThrow(
      'is read for the new file',
    );
  });
});

describe('writeVirtual', () => {
  it('shows the data of the run, also with trains left out and after both were moved', async () => {
    const tree = join(folder, 'tree');
    cpSync(RAW, join(tree, 'raw'), { recursive: true });
    await using run = await openRun({ path: join(tree, 'raw') });
    const some = run.selectTrains({ by: 'positions', positions: [0, 2, 3, 5] });
    await writeVirtual(some, nodeWriteTarget(join(tree, 'scratch/virtual.h5'), run.files));
    cpSync(tree, join(folder, 'moved'), { recursive: true });
    rmSync(join(folder, 'moved/raw/RAW-R0034-DA02-S00000.h5'));
    await using copy = await openRun({ path: join(folder, 'moved/scratch/virtual.h5') });
    const there = some.select(some.sources.filter((name) => !some.source(name).runFiles[0].name.includes('DA02')));
    await expectSameData(there, copy.select(there.sources));
  });
});

describe('auxiliary sources and INDEX/origin', () => {
  const REDUCED = join(GOLDEN, 'runs/reduced');

  it.each([
    ['writeRun', writeRun],
    ['writeVirtual', writeVirtual],
  ] as const)('%s: what the recording says of itself is there under the same names', async (name, make) => {
    for (const [i, path] of [RAW, REDUCED].entries()) {
      await using run = await openRun({ path });
      const some = run.selectTrains({ by: 'index', start: 1 });
      await make(some, place(some, `auxiliary-${name}-${i}.h5`));
      await using copy = await openRun({ path: join(folder, `auxiliary-${name}-${i}.h5`) });
      expect(copy.auxiliary.sources.length).toBeGreaterThan(0);
      expect(copy.auxiliary.reductionSources).toEqual(some.auxiliary.reductionSources);
      expect(copy.auxiliary.errataSources).toEqual(some.auxiliary.errataSources);
      for (const source of some.auxiliary.sources) {
        const wanted = some.auxiliary.source(source);
        expect(copy.auxiliary.source(source).keys()).toEqual(wanted.keys());
        for (const key of wanted.keys()) {
          const [got, expected] = [copy.auxiliary.key(source, key), wanted.key(key)];
          expect(got.dataCounts()).toEqual(expected.dataCounts());
          if (expected.dtype === 'record') expect(await got.readFields()).toEqual(await expected.readFields());
          else expectSameArray(await got.read(), await expected.read(), `${source} ${key}`);
        }
      }
      // Written again, the names stay as they are.
      await make(copy, place(copy, `again-${name}-${i}.h5`));
      await using again = await openRun({ path: join(folder, `again-${name}-${i}.h5`) });
      expect(again.auxiliary.sources).toEqual(some.auxiliary.sources);
    }
  });

  it('an overview has no auxiliary sources of its own', async () => {
    const path = join(folder, 'overview-reduced');
    cpSync(REDUCED, path, { recursive: true });
    await using run = await openRun({ path });
    await writeOverview(run, nodeWriteTarget(join(path, 'overview.h5'), run.files), nodeFileStore);
    await using through = await openRun({ path });
    expect(through.files).toEqual([join(path, 'overview.h5')]);
    expect(through.auxiliary.sources).toEqual(run.auxiliary.sources);
    const file = await nodeHdf5Opener.open(join(path, 'overview.h5'));
    expect(file.kindOf('/METADATA/auxiliarySources')).toBe('missing');
    file.close();
  });

  it('INDEX/origin names the same sources in the list of the new file', async () => {
    await using run = await openRun({ path: join(GOLDEN, 'runs/fmt12') });
    const originsOf = (files: readonly string[]) =>
      Promise.all(
        files.map(async (path) => {
          const file = await nodeHdf5Opener.open(path);
          const { origins, trainIds, formatVersion } = readFileIndex(file);
          file.close();
          return { formatVersion, byTrain: new Map(trainIds.map((id, i) => [id, origins?.[i]])) };
        }),
      );
    const before = new Map((await originsOf(run.files)).flatMap(({ byTrain }) => [...byTrain]));
    expect(new Set(before.values())).toEqual(new Set(['', 'CONTROL/SA1_XTD2_XGM/XGM/DOOCS']));
    await writeRun(run, place(run, 'origins.h5'));
    const [after] = await originsOf([join(folder, 'origins.h5')]);
    expect([after.formatVersion, after.byTrain]).toEqual(['1.2', before]);
    // Without the source that trains come from there is nothing true to say.
    const others = run.deselect([['SA1_XTD2_XGM/XGM/DOOCS', '*']]);
    await writeRun(others, place(others, 'no-origins.h5'));
    const [none] = await originsOf([join(folder, 'no-origins.h5')]);
    expect([none.formatVersion, new Set(none.byTrain.values())]).toEqual(['1.0', new Set([undefined])]);
  });
});

describe('writeFrames', () => {
  const BURST = join(GOLDEN, 'runs/jungfrau-burst');

  it('frames of bursts become entries of one memory cell', async () => {
    await using run = await openRun({ path: BURST });
    const detector = openDetector(run);
    const [first, second] = detector.trainIds;
    const frames = [
      { trainId: first, cellId: 3 },
      { trainId: second, cellId: 15 },
      { trainId: second, cellId: 0 },
    ];
    await writeFrames(run, detector, place(run, 'burst.h5'), frames);
    await using copy = await openRun({ path: join(folder, 'burst.h5') });
    const few = openDetector(copy);
    expect([few.modules, few.trainIds, few.frameCounts]).toEqual([detector.modules, [first, second], [1, 2]]);
    expect(await few.cellIds()).toEqual([3, 15, 0]);
    for (const source of detector.sources.values()) {
      const keys = ['data.adc', 'data.gain', 'data.mask', 'data.frameNumber', 'data.timestamp', 'data.memoryCell'];
      for (const name of keys) {
        const [whole, cut] = [run.key(source, name), copy.key(source, name)];
        expect(cut.entryShape).toEqual([1, ...whole.entryShape.slice(1)]);
        const pieces = [];
        // Bursts start with memory cell 15.
        for (const [trainId, position] of [
          [first, 4],
          [second, 0],
          [second, 1],
        ] as const)
          pieces.push(await whole.selectTrains({ by: 'id', ids: [trainId] }).read({ roi: [[position, position + 1]] }));
        const bytes = Buffer.concat(pieces.map((piece) => bytesOf(piece)));
        expect(bytes.equals(bytesOf(await cut.read())), `${source} ${name}`).toBe(true);
      }
      const trains = (await copy.key(source, 'data.trainId').read()).data as BigUint64Array;
      expect([...trains].map(Number)).toEqual([first, second, second]);
    }
    const file = await nodeHdf5Opener.open(join(folder, 'burst.h5'));
    const [source] = detector.sources.values();
    expect(file.datasetInfo(`/INSTRUMENT/${source}/data/adc`).chunks).toEqual([1, 1, 512, 1024]);
    file.close();
  });

  it('by memory cell also where entries are frames, together with pulses', async () => {
    await using raw = await openRun({ path: RAW });
    const detector = openDetector(raw, { isRaw: true });
    const cells = await detector.cellIds();
    const at = detector.trainIdsPerFrame.indexOf(detector.trainIds[1]);
    const frames = [
      { trainId: detector.trainIds[0], pulseId: (await detector.pulseIds())[0] },
      { trainId: detector.trainIds[1], cellId: cells[at + 1] },
    ];
    await writeFrames(raw, detector, place(raw, 'cells.h5'), frames);
    await using copy = await openRun({ path: join(folder, 'cells.h5') });
    const few = openDetector(copy, { isRaw: true });
    expect([few.frameCounts.filter((count) => count > 0), await few.cellIds()]).toEqual([
      [1, 1],
      [cells[0], cells[at + 1]],
    ]);
  });

  it('all gains of a pulse in parallel gain mode, whose other ids are junk', async () => {
    await using run = await openRun({ path: join(GOLDEN, 'runs/lpd-parallelgain') });
    const detector = openDetector(run, { isRaw: true, isParallelGain: true });
    const [trainId] = detector.trainIds;
    const [, pulseId] = await detector.pulseIds();
    await writeFrames(run, detector, place(run, 'gains.h5'), [{ trainId, pulseId }]);
    await using copy = await openRun({ path: join(folder, 'gains.h5') });
    const few = openDetector(copy, { isRaw: true, isParallelGain: true });
    expect(few.frameCounts.reduce((a, b) => a + b)).toBe(3);
    expect(await few.pulseIds()).toEqual([pulseId, pulseId, pulseId]);
  });

  it('refuses nothing, and pulses of bursts', async () => {
    await using run = await openRun({ path: BURST });
    const detector = openDetector(run);
    const target = nodeWriteTarget(join(folder, 'refused.h5'));
    await expect(writeFrames(run, detector, target, [])).rejects.toThrow('No frames');
    await expect(writeFrames(run, detector, target, [{ trainId: 1, pulseId: 0 }])).rejects.toThrow('and cellId');
  });
});

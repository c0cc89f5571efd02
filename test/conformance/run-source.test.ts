// One suite for both places where pages get runs from: a server, and files in the browser. Both must say the same.
import { readdirSync, readFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/api/frames.ts';
import { createDataCalls } from '../../src/app/data-calls.ts';
import type { RunKey, RunSource } from '../../src/app/run-source.ts';
import { ServerSource } from '../../src/app/server-source.ts';
import { type Channel, plainError, serveCalls } from '../../src/app/worker-port.ts';
import { WorkerSource } from '../../src/app/worker-source.ts';
import { decodeNpy } from '../../src/formats/npy.ts';
import { openRun } from '../../src/platform/node/open-run.ts';
import { goldenApp } from '../server/golden-app.ts';
import { GOLDEN } from './hdf5-run-expected.ts';

const FOLDER = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
const XGM = { source: 'SA1_XTD2_XGM/XGM/DOOCS:output', key: 'data.intensityTD' };
const MOTOR = { source: 'SPB_IRU_MOT/MOTOR/X1', key: 'actualPosition.value' };
const HITS = { source: 'SPB_REMI_DLD6/DET/TOP:output', key: 'rec.hits' };
const CAMERA = { source: 'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput', key: 'data.image.pixels' };
const DETECTOR = 'SPB_DET_AGIPD1M-1';

/** A file of a browser, as far as it is read: Node's own have no synchronous reader. */
class MemoryFile {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  get size(): number {
    return this.bytes.length;
  }
  slice(start: number, stop: number): MemoryFile {
    return new MemoryFile(this.bytes.subarray(start, stop));
  }
}
Object.assign(globalThis, {
  FileReaderSync: class {
    readAsArrayBuffer(file: MemoryFile): ArrayBuffer {
      return new Uint8Array(file.bytes).buffer;
    }
  },
});
const dropped = (path: string, bytes: Uint8Array) => ({ path, file: new MemoryFile(bytes) as unknown as File });

/** A worker without a thread: both ends of a channel are here. */
function openWorker(calls = createDataCalls()): { source: WorkerSource; calls: typeof calls; close(): void } {
  const { port1, port2 } = new MessageChannel();
  serveCalls(port2 as unknown as Channel, calls, plainError);
  port2.start();
  port1.start();
  const source = new WorkerSource(() => port1 as unknown as Channel);
  return { source, calls, close: () => port1.close() };
}

let server: Awaited<ReturnType<typeof goldenApp>>;
let worker: ReturnType<typeof openWorker>;
let sources: readonly (readonly [RunSource, RunKey])[];

beforeAll(async () => {
  server = await goldenApp();
  const address = await server.app.listen({ host: '127.0.0.1', port: 0 });
  worker = openWorker();
  const files = readdirSync(FOLDER).map((name) => dropped(`r0034/${name}`, readFileSync(`${FOLDER}/${name}`)));
  // Functions of the table are called past the channel: files of memory cannot cross it.
  const { run } = await worker.calls.add({ label: 'r0034', files });
  sources = [
    [new ServerSource(address), { proposal: 'p900001', run: 34, data: 'raw' }],
    [worker.source, { proposal: 'dropped', run, data: 'default' }],
  ];
});
afterAll(async () => {
  worker.close();
  await server.close();
});

const plain = (reply: unknown) => {
  if (typeof reply !== 'object' || reply === null || !('arrays' in reply)) return reply;
  const { kind, meta, arrays } = reply as Frame;
  return {
    kind,
    meta,
    arrays: [...arrays].map(([name, { dtype, shape, data }]) => [name, dtype, shape, [...(data as Float64Array)]]),
  };
};

/** Numbers of one array of a frame. */
const column = ({ arrays }: Frame, name: string) => Array.from((arrays.get(name)?.data ?? []) as ArrayLike<number>);

/** What both sources answer; they must agree. */
async function both<T>(ask: (source: RunSource, run: RunKey) => Promise<T>): Promise<T> {
  const [a, b] = await Promise.all(sources.map(([source, run]) => ask(source, run)));
  expect(plain(b)).toEqual(plain(a));
  return a;
}

async function refusals(ask: (source: RunSource, run: RunKey) => Promise<unknown>): Promise<string> {
  const said = await Promise.all(
    sources.map(([source, run]) =>
      ask(source, run).then(
        () => 'no error',
        (error) => `${error.name} ${error.reply?.error} ${error.message.replace(FOLDER, 'r0034')}`,
      ),
    ),
  );
  expect(said[1]).toBe(said[0]);
  return said[0];
}

describe('a server and files in the browser', () => {
  it('describe the run alike', async () => {
    const [a, b] = await Promise.all(sources.map(([source, run]) => source.call('info', run, {})));
    const content = ({ sources: found, otherSources, detectors, trainRanges, metadata, skippedFiles }: typeof a) => ({
      found: found.map(({ aliases: _, ...rest }) => rest),
      otherSources,
      detectors,
      trainRanges,
      metadata,
      skippedFiles,
    });
    expect(content(b)).toEqual(content(a));
    expect(a.trainRanges).toEqual([[1000000000, 6]]);
    expect(a.aliases.length).toBeGreaterThan(0);
  });

  it('group sources as lsxfel does, numbers in their order', async () => {
    const { groups } = await sources[1][0].call('info', sources[1][1], {});
    expect(groups.map(({ title }) => title)).toEqual([
      `${DETECTOR}/DET`,
      'Instrument sources',
      'Control sources',
      'Auxiliary: errata',
    ]);
    expect(groups[0].rows.map(({ text }) => text)).toEqual([`${DETECTOR}/DET/{0-2, 7, 15}CH0:xtdf`]);
    expect(groups[0].rows[0].names.map((name) => Number(/(\d+)CH0/.exec(name)?.[1]))).toEqual([0, 1, 2, 7, 15]);
    expect(groups[2].rows.map(({ text }) => text)).toContain('SPB_IRU_MOT/MOTOR/X{1-2}');
  });

  it('list keys, run values and missing data', async () => {
    const keys = (await sources[0][0].call('keys', sources[0][1], { source: MOTOR.source })).find(
      ({ key }) => key === MOTOR.key,
    );
    expect(keys).toMatchObject({ units: 'mm', trains: 6, most: 1, kind: 'number', aliases: ['mot-x'] });
    await both((source, run) => source.call('keys', run, { source: HITS.source }));
    const names = await both((source, run) => source.call('keynames', run, {}));
    expect(names[XGM.source]).toContain(XGM.key);
    expect(
      (await both((source, run) => source.call('runvalues', run, { source: MOTOR.source }))).length,
    ).toBeGreaterThan(0);
    const [one, two] = await Promise.all(sources.map(([source, run]) => source.call('presence', run, {})));
    expect(two.rows.map(({ source, missing }) => [source, missing])).toEqual(
      one.rows.map(({ source, missing }) => [source, missing]),
    );
    expect(one.rows.find(({ source }) => source === 'SPB_VAC/TSENS/T1')?.missing).toEqual([[0, 1]]);
  });

  it('plot a scalar, a vector, a record', async () => {
    const run = await openRun({ path: FOLDER });
    const xgm = (await run.key(XGM.source, XGM.key).read()).data as Float32Array;
    const scalar = await both((source, key) => source.call('series', key, MOTOR));
    expect([...scalar.arrays.keys()]).toEqual(['trainId', 'time', 'value']);
    expect(scalar.arrays.get('value')?.data).toEqual((await run.key(MOTOR.source, MOTOR.key).read()).data);
    const mean = await both((source, key) => source.call('series', key, XGM));
    const first = xgm.subarray(0, 40).reduce((sum, v) => sum + v, 0) / 40;
    expect(mean.arrays.get('value')?.data[0]).toBeCloseTo(first, 6);
    const third = await both((source, key) => source.call('series', key, { ...XGM, index: 3 }));
    expect(column(third, 'value')).toEqual([0, 1, 2, 3, 4, 5].map((train) => xgm[40 * train + 3]));
    const curve = await both((source, key) => source.call('curve', key, { ...XGM, train: 1000000002 }));
    expect(column(curve, 'value')).toEqual([...xgm.subarray(80, 120)]);
    const average = await both((source, key) => source.call('curve', key, XGM));
    expect(average.arrays.get('value')?.data[5]).toBeCloseTo(
      [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + xgm[40 * i + 5], 0) / 6,
      5,
    );
    const map = await both((source, key) => source.call('map', key, XGM));
    expect(map.arrays.get('image')?.shape).toEqual([40, 6]);
    expect(map.arrays.get('image')?.data[7 * 6 + 4]).toBe(xgm[40 * 4 + 7]);
    expect(map.meta.reduction).toEqual({ trains: 6, trainsRead: 6, trainsPerPoint: 1, elementsPerPoint: 1 });
    const hits = (await run.key(HITS.source, HITS.key).readFields()).get('x')?.data as Float64Array;
    const record = await both((source, key) => source.call('curve', key, { ...HITS, field: 'x', train: 1000000001 }));
    expect(column(record, 'value')).toEqual([...hits.subarray(0, 5)]);
    await run.close();
  });

  it('show pictures, texts and detector frames', async () => {
    const run = await openRun({ path: FOLDER });
    const pixels = await run.key(CAMERA.source, CAMERA.key).readTrain(1000000001);
    const picture = await both((source, key) => source.call('picture', key, { ...CAMERA, train: 1000000001 }));
    expect(column(picture, 'image')).toEqual([...(pixels.data as Uint16Array)]);
    await run.close();
    const texts = await both((source, key) =>
      source.call('texts', key, { source: 'SA1_XTD2_XGM/XGM/DOOCS', key: 'state.value' }),
    );
    expect(texts.rows.reduce((sum, { entries }) => sum + entries, 0)).toBe(texts.entries);
    const frame = { detector: DETECTOR, train: 0, pulse: 1, view: 'raw' } as const;
    expect((await both((source, key) => source.call('frame', key, frame))).meta.unit).toBe('ADU');
    await both((source, key) => source.call('geometry', key, {}));
  });

  it('stack the modules of one frame and of many', async () => {
    const query = { detector: DETECTOR, view: 'raw' } as const;
    const one = await both((source, key) => source.call('stack', key, { ...query, train: 1, pulse: 1 }));
    expect(one.arrays.get('stack')?.shape).toEqual([16, 512, 128]);
    const mean = await both((source, key) => source.call('stack', key, { ...query, over: 'mean', frames: 2 }));
    expect([mean.meta.frames, mean.meta.modules]).toEqual([2, [0, 1, 2, 7, 15]]);
    const layout = await both((source, key) => source.call('layout', key, { detector: DETECTOR }));
    expect([layout.detector, layout.tiles.length]).toEqual(['AGIPD1M', 16 * 8 * 9]);
    const nobody = { detector: 'SPB_DET_AGIPD1M-9' };
    expect(await refusals((source, key) => source.call('stack', key, nobody))).toMatch(/SourceNotFound/);
  });

  it('export npy, csv and parquet', async () => {
    const run = await openRun({ path: FOLDER });
    const bytes = async (choice: Parameters<RunSource['export']>[1]) => {
      const [a, b] = await Promise.all(sources.map(([source, key]) => source.export(key, choice)));
      expect(Buffer.from(await b.content.arrayBuffer()).equals(Buffer.from(await a.content.arrayBuffer()))).toBe(true);
      return { name: a.name, content: Buffer.from(await a.content.arrayBuffer()) };
    };
    const npy = await bytes({ format: 'npy', keys: [[XGM.source, XGM.key]] });
    expect(npy.name).toBe('p900001-r0034-SA1_XTD2_XGM_XGM_DOOCS_output-data.intensityTD.npy');
    expect(decodeNpy(npy.content)).toEqual(await run.key(XGM.source, XGM.key).read());
    const csv = (await bytes({ format: 'csv', keys: [[XGM.source, XGM.key]] })).content.toString().split('\n');
    expect([csv.length, csv[0].split(',').length, csv[3].split(',')[0]]).toEqual([8, 41, '1000000002']);
    const second = ['SPB_IRU_MOT/MOTOR/X2', 'actualPosition.value'] as const;
    const { content } = await bytes({ format: 'parquet', keys: [[MOTOR.source, MOTOR.key], second] });
    const rows = await parquetReadObjects({ file: new Uint8Array(content).slice().buffer });
    const motor = (await run.key(MOTOR.source, MOTOR.key).read()).data as Float64Array;
    expect(rows.map((row) => row[`${MOTOR.source}/actualPosition`])).toEqual([...motor]);
    await run.close();
  });

  it('tell how far an export is, and end it when asked', async () => {
    for (const [source, run] of sources) {
      const told: number[] = [];
      const choice = { format: 'npy', keys: [[`${DETECTOR}/DET/0CH0:xtdf`, 'image.data']] } as const;
      await source.export(run, choice, { onProgress: (share) => told.push(share) });
      expect(told.at(-1)).toBe(1);
      const controller = new AbortController();
      const ended = source.export(run, choice, { signal: controller.signal, onProgress: () => controller.abort() });
      await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
      await expect(source.call('map', run, XGM, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    }
  });

  it('refuse with the same words', async () => {
    expect(await refusals((source, run) => source.call('keys', run, { source: 'NOPE' }))).toMatch(
      /SourceNotFound.*nearest/,
    );
    expect(await refusals((source, run) => source.call('series', run, { ...MOTOR, key: 'nope' }))).toMatch(
      /KeyNotFound/,
    );
    expect(await refusals((source, run) => source.call('series', run, HITS))).toMatch(
      /record.*Choose one of its fields: /,
    );
    expect(await refusals((source, run) => source.call('curve', run, { ...MOTOR, train: 5 }))).toMatch(/TrainNotFound/);
    expect(await refusals((source, run) => source.call('picture', run, { ...MOTOR, train: 1000000001 }))).toMatch(
      /no pictures/,
    );
    const two = {
      format: 'npy',
      keys: [
        [MOTOR.source, MOTOR.key],
        [XGM.source, XGM.key],
      ],
    } as const;
    expect(await refusals((source, run) => source.export(run, two))).toMatch(/one by one/);
  });
});

describe('files in the browser that are no run', () => {
  const add = async (...files: (readonly [string, string])[]) => {
    const { calls, close, source } = openWorker();
    const row = await calls.add({
      label: 'x',
      files: files.map(([path, from]) => dropped(path, readFileSync(`${GOLDEN}${from}`))),
    });
    close();
    return { row, source };
  };
  const bad = 'runs/validate/truncated';
  const good = `runs/fmt12/RAW-R0009-DA01-S00000.h5`;

  it('are listed with the reason', async () => {
    const [name] = readdirSync(`${GOLDEN}${bad}`);
    const cut = await add([name, `${bad}/${name}`]);
    expect(cut.row).toMatchObject({ trains: 0, problems: [expect.stringMatching(/cut off/)] });
    const [foreign] = readdirSync(`${GOLDEN}runs/validate/not-hdf5`);
    expect((await add([foreign, `runs/validate/not-hdf5/${foreign}`])).row.problems[0]).toMatch(/not an HDF5 file/);
    expect((await add(['types.h5', 'hdf5-types.h5'])).row.problems).toHaveLength(1);
  });

  it('do not keep the others from being read', async () => {
    const [name] = readdirSync(`${GOLDEN}${bad}`);
    const { row } = await add(
      [`r/${name.replace('DA01', 'DA07')}`, `${bad}/${name}`],
      ['r/RAW-R0009-DA01-S00000.h5', good],
    );
    expect(row.trains).toBeGreaterThan(0);
    expect(row.problems).toEqual([expect.stringMatching(/cut off/)]);
  });

  it('are gone after a reload, and the page says so', async () => {
    const { source, close } = openWorker();
    await expect(source.call('info', { proposal: 'dropped', run: 7, data: 'default' }, {})).rejects.toThrow(
      /Drop them again/,
    );
    close();
  });
});

// Large runs for benches, in EuXFEL format 1.2: node bench/large-run.ts FOLDER raw|corrected|many
// raw: 16 AGIPD modules x 64 pulses x 9 trains, chunks of 16 frames, uncompressed (2.4 GB).
// corrected: 16 modules x 64 pulses x 4 trains, float32 data, mask (plain gzip and shuffle+gzip) and gain with one frame a chunk.
// many: 400 files, 6144 trains, detector data not stored (all of it fill value).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NdArray, ndarray } from '../src/core/ndarray.ts';
import { type PipelineGroup, writeDaqFile } from '../src/example/daq-file.ts';
import { createHdf5 } from '../src/formats/hdf5-writer.ts';
import { nodeHdf5Creator } from '../src/platform/node/hdf5-create.ts';

export const LARGE_RUN = {
  modules: 16,
  pulses: 64,
  rawTrains: 9,
  correctedTrains: 4,
  manySequences: 24,
  manyTrains: 256,
};
const [SS, FS] = [512, 128];
const FRAME = SS * FS;
const FIRST_TRAIN = 10_000;
const DETECTOR = 'SPB_DET_AGIPD1M-1';

/** Random numbers, the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ids = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
const u64 = (shape: number[], values: (i: number) => number): NdArray =>
  ndarray(
    'uint64',
    shape,
    BigUint64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => BigInt(values(i))),
  );

function frameIds(trainIds: readonly number[], pulses: number, isRaw: boolean): PipelineGroup['keys'] {
  const frames = trainIds.length * pulses;
  const shape = isRaw ? [frames, 1] : [frames];
  return [
    { path: 'trainId', values: u64(shape, (i) => trainIds[Math.floor(i / pulses)]) },
    { path: 'pulseId', values: u64(shape, (i) => i % pulses) },
    {
      path: 'cellId',
      values: ndarray(
        'uint16',
        shape,
        Uint16Array.from({ length: frames }, (_, i) => i % pulses),
      ),
    },
  ];
}

function fileName(prefix: string, run: number, aggregator: string, sequence: number): string {
  return `${prefix}-R${String(run).padStart(4, '0')}-${aggregator}-S${String(sequence).padStart(5, '0')}.h5`;
}

const aggregatorOf = (module: number) => `AGIPD${String(module).padStart(2, '0')}`;

function daqFile(run: number, sequence: number, trainIds: readonly number[], pipelines: readonly PipelineGroup[]) {
  return {
    proposal: 700_000,
    run,
    sequence,
    runType: 'Benchmark',
    sample: 'none',
    trainIds,
    timestamps: trainIds.map((id) => BigInt(id) * 100_000_000n),
    control: [],
    pipelines,
  };
}

/** Writes the raw run. */
export async function writeRawRun(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { modules, pulses, rawTrains } = LARGE_RUN;
  const trainIds = ids(FIRST_TRAIN, rawTrains);
  for (let module = 0; module < modules; module++) {
    const source = `${DETECTOR}/DET/${module}CH0:xtdf`;
    const path = `/INSTRUMENT/${source}/image/data`;
    await createHdf5(nodeHdf5Creator, join(folder, fileName('RAW', 1, aggregatorOf(module), 0)), (file) => {
      const keys = [
        ...frameIds(trainIds, pulses, true),
        {
          path: 'data',
          plan: { dtype: 'uint16' as const, shape: [0, 2, SS, FS], chunks: [16, 2, SS, FS], isGrowing: true },
        },
      ];
      writeDaqFile(
        file,
        daqFile(1, 0, trainIds, [{ source, group: 'image', counts: trainIds.map(() => pulses), keys }]),
      );
      const random = randomOf(module + 1);
      const train = new Uint16Array(pulses * 2 * FRAME).map(() => 3000 + 6000 * random());
      for (let i = 0; i < rawTrains; i++) {
        train[i] = i; // trains differ
        file.append(path, ndarray('uint16', [pulses, 2, SS, FS], train));
      }
    });
  }
}

/** Writes the corrected run. */
export async function writeCorrectedRun(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { modules, pulses, correctedTrains } = LARGE_RUN;
  const trainIds = ids(FIRST_TRAIN, correctedTrains);
  const shape = [0, SS, FS];
  const stored = { shape, chunks: [1, SS, FS], isGrowing: true };
  for (let module = 0; module < modules; module++) {
    const source = `${DETECTOR}/CORR/${module}CH0:output`;
    const group = `/INSTRUMENT/${source}/image`;
    await createHdf5(nodeHdf5Creator, join(folder, fileName('CORR', 1, aggregatorOf(module), 0)), async (file) => {
      const keys = [
        ...frameIds(trainIds, pulses, false),
        { path: 'data', plan: { ...stored, dtype: 'float32' as const } },
        { path: 'mask', plan: { ...stored, dtype: 'uint32' as const, deflate: 1 } },
        { path: 'maskShuffled', plan: { ...stored, dtype: 'uint32' as const, deflate: 1, shuffle: true } },
        { path: 'gain', plan: { ...stored, dtype: 'uint8' as const, deflate: 1 } },
      ];
      writeDaqFile(
        file,
        daqFile(1, 0, trainIds, [{ source, group: 'image', counts: trainIds.map(() => pulses), keys }]),
      );
      const random = randomOf(module + 1);
      // 2 % of the pixels are bad in all frames, 0.1 % in one; 3 % are in medium gain.
      const bad = new Uint32Array(FRAME).map(() => (random() < 0.02 ? 4 : 0));
      for (let i = 0; i < correctedTrains; i++) {
        const frames = pulses * FRAME;
        const at = [pulses, SS, FS];
        const mask = new Uint32Array(frames).map((_, k) => bad[k % FRAME] | (random() < 0.001 ? 1024 : 0));
        file.append(
          `${group}/data`,
          ndarray(
            'float32',
            at,
            new Float32Array(frames).map(() => 9 * random()),
          ),
        );
        await file.appendLater(`${group}/mask`, ndarray('uint32', at, mask));
        await file.appendLater(`${group}/maskShuffled`, ndarray('uint32', at, mask));
        const gain = new Uint8Array(frames).map(() => (random() < 0.03 ? 1 : 0));
        await file.appendLater(`${group}/gain`, ndarray('uint8', at, gain));
      }
    });
  }
}

/** Writes the run of 400 files: 16 modules x 24 sequences, and 16 of motors. */
export async function writeManyFiles(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { modules, pulses, manySequences, manyTrains } = LARGE_RUN;
  for (let sequence = 0; sequence < manySequences; sequence++) {
    const trainIds = ids(FIRST_TRAIN + sequence * manyTrains, manyTrains);
    for (let module = 0; module < modules; module++) {
      const source = `${DETECTOR}/DET/${module}CH0:xtdf`;
      await createHdf5(nodeHdf5Creator, join(folder, fileName('RAW', 2, aggregatorOf(module), sequence)), (file) => {
        const frames = pulses * manyTrains;
        const plan = { dtype: 'uint16' as const, shape: [frames, 2, SS, FS], chunks: [16, 2, SS, FS], isGrowing: true };
        const once = (group: string, key: string) => ({
          source,
          group,
          counts: trainIds.map(() => 1),
          keys: [{ path: key, values: u64([manyTrains], (i) => i) }],
        });
        writeDaqFile(
          file,
          daqFile(2, sequence, trainIds, [
            {
              source,
              group: 'image',
              counts: trainIds.map(() => pulses),
              keys: [...frameIds(trainIds, pulses, true), { path: 'data', plan }],
            },
            once('header', 'pulseCount'),
            once('trailer', 'status'),
          ]),
        );
      });
    }
  }
  const trainsPerFile = (manySequences * manyTrains) / 16;
  for (let sequence = 0; sequence < 16; sequence++) {
    const trainIds = ids(FIRST_TRAIN + sequence * trainsPerFile, trainsPerFile);
    const values = (start: number) =>
      ndarray(
        'float64',
        [trainsPerFile],
        Float64Array.from({ length: trainsPerFile }, (_, i) => start + i),
      );
    const control = Array.from({ length: 20 }, (_, motor) => ({
      name: `SPB_XTD9_MOT/MOTOR/X${motor}`,
      classId: 'Motor',
      keys: ['actualPosition', 'targetPosition', 'temperature'].map((path) => ({ path, values: values(motor) })),
    }));
    await createHdf5(nodeHdf5Creator, join(folder, fileName('RAW', 2, 'DA01', sequence)), (file) => {
      writeDaqFile(file, { ...daqFile(2, sequence, trainIds, []), control });
    });
  }
}

export const LARGE_RUN_KINDS = { raw: writeRawRun, corrected: writeCorrectedRun, many: writeManyFiles };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, kind] = process.argv.slice(2);
  const write = LARGE_RUN_KINDS[kind as keyof typeof LARGE_RUN_KINDS];
  if (!folder || !write) {
    console.error(`usage: node bench/large-run.ts FOLDER ${Object.keys(LARGE_RUN_KINDS).join('|')}`);
    process.exit(2);
  }
  await write(folder);
  console.log(`written to ${folder}`);
}

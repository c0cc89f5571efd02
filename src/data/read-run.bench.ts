import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchReport, medianTime } from '../../tools/measure.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { openRun } from '../platform/node/open-run.ts';
import { openDetector } from './detectors/open-detector.ts';

const MODULES = 16;
const TRAINS = 2;
const PULSES = 16;
const FRAME = 2 * 512 * 128;
const FIRST_TRAIN = 10_000;

/** Reading raw AGIPD1M as the DAQ writes it (chunks of 16 frames, uncompressed), page cache warm, one thread. */
export async function bench(report: BenchReport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-read-run-'));
  try {
    for (let module = 0; module < MODULES; module++) await writeModule(folder, module);
    const open = await medianTime(async () => (await openRun({ path: folder })).close());
    report({ name: `open a run of ${MODULES} files`, value: open, unit: 'ms' });

    await using run = await openRun({ path: folder });
    const detector = openDetector(run, { isRaw: true });
    const train = detector.selectTrains({ by: 'index', stop: 1 });
    const { array } = await train.read();
    const pixels = array.data as Uint16Array;
    for (let i = 0; i < pixels.length; i += 977) {
      const module = Math.floor(i / (PULSES * FRAME));
      if (pixels[i] !== pixelAt(module, i % (PULSES * FRAME))) throw new Error(`element ${i} is ${pixels[i]}`);
    }
    const frame = await medianTime(async () => void (await detector.readFrame(FIRST_TRAIN, 3)));
    report({ name: 'one frame of 16 modules', value: frame, unit: 'ms' });
    const whole = await medianTime(async () => void (await train.read()));
    report({
      name: `one train of 16 modules x ${PULSES} frames`,
      value: pixels.byteLength / whole / 1e6,
      unit: 'GB/s',
    });
    const key = run.key('XMPL_DET_AGIPD1M-1/DET/3CH0:xtdf', 'image.data');
    const out = zeros('uint16', key.shape);
    const one = await medianTime(async () => void (await key.read({ out })));
    report({ name: 'one module into given memory', value: out.data.byteLength / one / 1e6, unit: 'GB/s' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pixelAt(module: number, index: number): number {
  return (index * 31 + module * 977) & 0x3fff;
}

async function writeModule(folder: string, module: number): Promise<void> {
  const file = await nodeHdf5Creator.create(
    join(folder, `RAW-R0001-AGIPD${String(module).padStart(2, '0')}-S00000.h5`),
  );
  const source = `XMPL_DET_AGIPD1M-1/DET/${module}CH0:xtdf`;
  const ids = BigUint64Array.from({ length: TRAINS }, (_, i) => BigInt(FIRST_TRAIN + i));
  const frames = TRAINS * PULSES;
  const text = (value: string) => ndarray('string', [1], [value]);
  file.write('/METADATA/dataFormatVersion', text('1.2'));
  file.write('/METADATA/dataSources/dataSourceId', text(`INSTRUMENT/${source}/image`));
  file.write('/INDEX/trainId', ndarray('uint64', [TRAINS], ids));
  file.write('/INDEX/flag', ndarray('int32', [TRAINS], new Int32Array(TRAINS).fill(1)));
  file.write(
    `/INDEX/${source}/image/first`,
    ndarray(
      'uint64',
      [TRAINS],
      ids.map((_, i) => BigInt(i * PULSES)),
    ),
  );
  file.write(
    `/INDEX/${source}/image/count`,
    ndarray(
      'uint64',
      [TRAINS],
      ids.map(() => BigInt(PULSES)),
    ),
  );
  const group = `/INSTRUMENT/${source}/image`;
  file.write(
    `${group}/pulseId`,
    ndarray(
      'uint64',
      [frames, 1],
      BigUint64Array.from({ length: frames }, (_, i) => BigInt(i % PULSES)),
    ),
  );
  file.write(
    `${group}/cellId`,
    ndarray(
      'uint16',
      [frames, 1],
      Uint16Array.from({ length: frames }, (_, i) => i % PULSES),
    ),
  );
  const pixels = new Uint16Array(frames * FRAME);
  for (let i = 0; i < pixels.length; i++) pixels[i] = pixelAt(module, i % (PULSES * FRAME));
  file.write(`${group}/data`, ndarray('uint16', [frames, 2, 512, 128], pixels), {
    chunks: [16, 2, 512, 128],
    isGrowing: true,
  });
  file.close();
}

import { ndarray } from '../../../core/ndarray.ts';
import { MemorySink } from '../../../formats/hdf5-write/byte-sink.ts';
import { createHdf5Writer } from '../../../formats/hdf5-write/writer.ts';
import { csvFile, npyFile, saveFile } from '../../save-file.ts';
import { paintRows, rowLevels } from '../cake/cake-picture.ts';
import { PATTERN_UNITS, type PatternUnit } from '../curve/pattern-unit.ts';
import type { BatchResult, BatchRow } from './batch-store.ts';

/** Files of a batch: everything, the numbers alone, a table, the heat map as a picture. */
export const BATCH_FORMATS = ['h5', 'npy', 'csv', 'png'] as const;
/** One of them, by its ending. */
export type BatchFormat = (typeof BATCH_FORMATS)[number];

/** Units as NeXus files have them, and the name of the axis. */
const AXES: Readonly<Record<PatternUnit, readonly [name: string, units: string]>> = {
  'q_A^-1': ['q', '1/angstrom'],
  'q_nm^-1': ['q', '1/nm'],
  '2th_deg': ['2th', 'deg'],
  r_mm: ['r', 'mm'],
  d_A: ['d', 'angstrom'],
};

/** `…1234`, or `…1234 p3` where rows are pulses. */
export function rowLabel({ trainId, pulses }: BatchRow, isEach: boolean): string {
  return `…${String(trainId).slice(-4)}${isEach ? ` p${pulses[0]}` : ''}`;
}

/**
 * All curves of a batch as a NeXus file: `/entry/curves` is NXdata with `intensity` and `intensity_errors` (row, radial),
 * the radial axis with its unit, and for each row `trainId`, `trainIndex`, `firstPulse` and `pulses` (how many).
 * @source NeXus definitions, NXdata (signal, axes, <signal>_errors)
 */
export function batchHdf5(result: BatchResult): Uint8Array<ArrayBuffer> {
  const { rows, x, unit, intensity, sigma, made, name, version } = result;
  const sink = new MemorySink('batch.h5');
  const writer = createHdf5Writer(sink, { deflate: (bytes) => bytes });
  const [axis, units] = AXES[unit];
  writer.attributes('/', { NX_class: 'NXroot', default: 'entry' });
  writer.group('/entry/curves');
  writer.attributes('/entry', { NX_class: 'NXentry', default: 'curves' });
  writer.attributes('/entry/curves', {
    NX_class: 'NXdata',
    signal: 'intensity',
    axes: ndarray('string', [2], ['trainId', axis]),
    trainId_indices: 0,
    [`${axis}_indices`]: 1,
    rows: made === 'each' ? 'one pulse' : `${made} of the pulses of a train`,
    run: name,
    geometry_version: version,
  });
  const shape = [rows.length, x.length];
  writer.write('/entry/curves/intensity', ndarray('float32', shape, intensity));
  writer.attributes('/entry/curves/intensity', { interpretation: 'spectrum' });
  writer.write('/entry/curves/intensity_errors', ndarray('float32', shape, sigma));
  writer.write(`/entry/curves/${axis}`, ndarray('float64', [x.length], x));
  writer.attributes(`/entry/curves/${axis}`, { units, long_name: PATTERN_UNITS[unit].title });
  const ids = BigUint64Array.from(rows, ({ trainId }) => BigInt(trainId));
  writer.write('/entry/curves/trainId', ndarray('uint64', [rows.length], ids));
  for (const [field, of] of [
    ['trainIndex', ({ train }: BatchRow) => train],
    ['firstPulse', ({ pulses }: BatchRow) => pulses[0]],
    ['pulses', ({ pulses }: BatchRow) => pulses.length],
  ] as const)
    writer.write(`/entry/curves/${field}`, ndarray('uint32', [rows.length], Uint32Array.from(rows, of)));
  writer.close();
  return sink.bytes;
}

/** Hands a batch to the browser's downloads. */
export function saveBatch(format: BatchFormat, result: BatchResult): void {
  const { rows, x, unit, intensity } = result;
  const name = `${result.name}-batch-v${result.version}.${format}`;
  switch (format) {
    case 'h5':
      saveFile(new Blob([batchHdf5(result)], { type: 'application/x-hdf5' }), name);
      return;
    case 'npy':
      saveFile(npyFile(intensity, [rows.length, x.length]), name);
      return;
    case 'csv': {
      const heading = ({ trainId, pulses }: BatchRow) =>
        result.made === 'each' ? `train ${trainId} pulse ${pulses[0]}` : `train ${trainId}`;
      const columns = rows.map(
        (each, row) => [heading(each), intensity.subarray(row * x.length, (row + 1) * x.length)] as const,
      );
      saveFile(csvFile([[PATTERN_UNITS[unit].title, x], ...columns]), name);
      return;
    }
    case 'png': {
      const canvas = document.createElement('canvas');
      const picture = { values: intensity, rows: rows.length, columns: x.length };
      paintRows(canvas, picture, 'viridis', rowLevels(picture), 'sqrt');
      canvas.toBlob((blob) => blob && saveFile(blob, name));
    }
  }
}

import type { DType } from '../core/dtype.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Hdf5AttributeValue, Hdf5Mapping, Hdf5Writer } from './hdf5-writer.ts';

/** A dataset of a virtual CXI file. */
export interface VirtualCxiDataset {
  readonly dtype: DType;
  /** (frame, module, ...) */
  readonly shape: readonly number[];
  /** What frames of absent modules hold. */
  readonly fill: number;
  readonly mappings: readonly Hdf5Mapping[];
}

/** Everything that a virtual CXI file says: frames of all modules of a detector, which stay where they are. */
export interface VirtualCxi {
  readonly detectorName: string;
  /** Where the data come from; null for files of format 0.5, which do not say. */
  readonly proposal: number | null;
  readonly run: number | null;
  /** Train of each frame. */
  readonly trainIds: readonly number[];
  /** Pulse, or memory cell, of each frame. */
  readonly frameIds: readonly number[];
  readonly frameIdName: 'pulseId' | 'memoryCell';
  /** Numbers of the modules along the second axis. */
  readonly modules: readonly number[];
  /** Names along the third axis of `data`, where it has five. */
  readonly dataGain: readonly string[] | null;
  /** 0, 1, 2: the gain at which each frame was taken, where frames were taken at several; else null. */
  readonly gainIndices: readonly number[] | null;
  readonly data: VirtualCxiDataset;
  readonly gain: VirtualCxiDataset | null;
  readonly mask: VirtualCxiDataset | null;
  readonly cellId: VirtualCxiDataset | null;
}

const ENTRY = '/entry_1';
const DETECTOR = `${ENTRY}/instrument_1/detector_1`;

/**
 * Writes a virtual CXI file.
 * @source CXI file format 1.5 (cxidb.org); EXtra-data 1.24 write_cxi.py for the names that users' programs rely on
 */
export function writeCxi(writer: Hdf5Writer, cxi: VirtualCxi): void {
  writer.write('/cxi_version', integers([150]));
  writer.group(DETECTOR);
  writer.attributes(ENTRY, entryAttributes(cxi));
  const identifiers = cxi.trainIds.map((trainId, frame) => `${trainId}:${cxi.frameIds[frame]}`);
  writer.write(`${ENTRY}/experiment_identifier`, ndarray('string', [identifiers.length], identifiers));
  writer.write(`${ENTRY}/trainId`, unsigned(cxi.trainIds));
  writer.write(`${ENTRY}/${cxi.frameIdName}`, unsigned(cxi.frameIds));
  if (cxi.gainIndices)
    writer.write(`${ENTRY}/gainIndex`, ndarray('uint8', [cxi.gainIndices.length], Uint8Array.from(cxi.gainIndices)));
  if (cxi.dataGain) writer.write(`${ENTRY}/data_gain`, ndarray('string', [cxi.dataGain.length], [...cxi.dataGain]));
  if (cxi.cellId) addVirtual(writer, `${ENTRY}/cellId`, cxi.cellId, 'experiment_identifier:module_identifier');

  writer.attributes(DETECTOR, { name: cxi.detectorName });
  const axes = `experiment_identifier:module_identifier:${cxi.dataGain ? 'data_gain:' : ''}y:x`;
  addVirtual(writer, `${DETECTOR}/data`, cxi.data, axes);
  if (cxi.gain) addVirtual(writer, `${DETECTOR}/gain`, cxi.gain, axes);
  if (cxi.mask) addVirtual(writer, `${DETECTOR}/mask`, cxi.mask, axes);
  writer.write(`${DETECTOR}/module_identifier`, integers(cxi.modules));
  writer.softLink(`${DETECTOR}/experiment_identifier`, `${ENTRY}/experiment_identifier`);
  if (cxi.dataGain) writer.softLink(`${DETECTOR}/data_gain`, `${ENTRY}/data_gain`);
  writer.softLink(`${ENTRY}/data_1`, DETECTOR);
}

function entryAttributes({ proposal, run }: VirtualCxi): Record<string, Hdf5AttributeValue> {
  if (proposal === null || run === null) return {};
  const number = (value: number): NdArray => ndarray('uint32', [], Uint32Array.of(value));
  return {
    euxfelProposalNumber: number(proposal),
    euxfelRunNumber: number(run),
    name: `EuXFEL proposal ${proposal} run ${run}`,
  };
}

function addVirtual(writer: Hdf5Writer, path: string, dataset: VirtualCxiDataset, axes: string): void {
  const { dtype, shape, mappings, fill } = dataset;
  if (elementCount(shape) === 0) writer.create(path, { dtype, shape });
  else writer.virtual(path, { dtype, shape, mappings, fill });
  writer.attributes(path, { axes });
}

function integers(values: readonly number[]): NdArray {
  return ndarray('int64', [values.length], BigInt64Array.from(values, BigInt));
}

function unsigned(values: readonly number[]): NdArray {
  return ndarray('uint64', [values.length], BigUint64Array.from(values, BigInt));
}

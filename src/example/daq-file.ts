import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Hdf5DatasetPlan, Hdf5Writer } from '../formats/hdf5-writer.ts';

/** One property of a slow device. */
export interface ControlKey {
  /** Parts joined by `/`, such as `pulseEnergy/photonFlux`. */
  readonly path: string;
  /** (train, ...) */
  readonly values: NdArray;
  readonly unit?: PhysicalUnit;
}

/** A slow device: one value a train. */
export interface ControlSource {
  readonly name: string;
  readonly classId: string;
  readonly keys: readonly ControlKey[];
}

/** How units stand in attributes. */
export interface PhysicalUnit {
  readonly prefixName: string;
  readonly prefixSymbol: string;
  readonly name: string;
  readonly symbol: string;
}

/** One dataset of a pipeline: its values, or the plan of what is appended later. */
export interface PipelineKey {
  /** Below the group, such as `image/pixels`. */
  readonly path: string;
  readonly values?: NdArray;
  readonly plan?: Hdf5DatasetPlan;
  readonly chunks?: readonly number[];
  readonly unit?: PhysicalUnit;
}

/** One group of an output channel: its datasets share one index. */
export interface PipelineGroup {
  /** `DEVICE:CHANNEL` */
  readonly source: string;
  readonly group: string;
  /** Entries in each train of the file. */
  readonly counts: readonly number[];
  readonly keys: readonly PipelineKey[];
}

/** One file of one aggregator and sequence. */
export interface DaqFile {
  readonly proposal: number;
  readonly run: number;
  readonly sequence: number;
  readonly runType: string;
  readonly sample: string;
  readonly trainIds: readonly number[];
  /** Nanoseconds since 1970, one a train. */
  readonly timestamps: readonly bigint[];
  readonly control: readonly ControlSource[];
  readonly pipelines: readonly PipelineGroup[];
}

/**
 * Writes a file as the data acquisition does, in format 1.2. Keys with a plan are made empty, for the caller to fill.
 * @source European XFEL file format 1.2: METADATA, INDEX, CONTROL, RUN, INSTRUMENT
 */
export function writeDaqFile(writer: Hdf5Writer, file: DaqFile): void {
  writeMetadata(writer, file);
  const { trainIds, timestamps } = file;
  const trains = trainIds.length;
  const growing = { chunks: [Math.max(1, trains)], isGrowing: true };
  writer.write('/INDEX/trainId', ndarray('uint64', [trains], BigUint64Array.from(trainIds, BigInt)), growing);
  writer.write('/INDEX/timestamp', ndarray('uint64', [trains], BigUint64Array.from(timestamps)), growing);
  writer.write('/INDEX/flag', ndarray('int32', [trains], new Int32Array(trains).fill(1)), growing);
  // -1: the train came from the time server
  writer.write('/INDEX/origin', ndarray('int32', [trains], new Int32Array(trains).fill(-1)), growing);
  writer.group('/RUN');
  for (const source of file.control) writeControl(writer, source, timestamps);
  for (const pipeline of file.pipelines) writePipeline(writer, pipeline);
}

function writeMetadata(writer: Hdf5Writer, file: DaqFile): void {
  const text = (value: string) => ndarray('string', [1], [value]);
  const number = (value: number) => ndarray('uint32', [1], Uint32Array.of(value));
  const at = '/METADATA';
  writer.write(`${at}/creationDate`, text(daqDate(file.timestamps[0])));
  writer.write(`${at}/updateDate`, text(daqDate(file.timestamps[file.timestamps.length - 1])));
  writer.write(`${at}/daqLibrary`, text('1.9.0'));
  writer.write(`${at}/dataFormatVersion`, text('1.2'));
  writer.write(`${at}/karaboFramework`, text('2.20.0'));
  writer.write(`${at}/proposalNumber`, number(file.proposal));
  writer.write(`${at}/runNumber`, number(file.run));
  writer.write(`${at}/sequenceNumber`, number(file.sequence));
  writer.write(`${at}/runType`, text(file.runType));
  writer.write(`${at}/sample`, text(file.sample));
  const sources = [
    ...file.control.map(({ name }) => ['CONTROL', name] as const),
    ...file.pipelines.map(({ source, group }) => ['INSTRUMENT', `${source}/${group}`] as const),
  ];
  const growing = { chunks: [Math.max(1, sources.length)], isGrowing: true };
  const texts = (values: string[]) => ndarray('string', [values.length], values);
  writer.write(`${at}/dataSources/dataSourceId`, texts(sources.map(([root, id]) => `${root}/${id}`)), growing);
  writer.write(`${at}/dataSources/root`, texts(sources.map(([root]) => root)), growing);
  writer.write(`${at}/dataSources/deviceId`, texts(sources.map(([, id]) => id)), growing);
}

/** `20260115T100000Z` */
function daqDate(nanoseconds: bigint | undefined): string {
  const date = new Date(Number((nanoseconds ?? 0n) / 1_000_000n));
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function writeControl(writer: Hdf5Writer, source: ControlSource, timestamps: readonly bigint[]): void {
  const trains = timestamps.length;
  writeIndex(writer, source.name, new Array(trains).fill(1));
  const stamps = ndarray('uint64', [trains], BigUint64Array.from(timestamps));
  for (const { path, values, unit } of source.keys) {
    const at = `${source.name}/${path}`;
    const rows = { chunks: [Math.max(1, trains), ...values.shape.slice(1)], isGrowing: true };
    writer.write(`/CONTROL/${at}/value`, values, rows);
    writer.write(`/CONTROL/${at}/timestamp`, stamps, { chunks: [Math.max(1, trains)], isGrowing: true });
    if (unit) writer.attributes(`/CONTROL/${at}`, unitAttributes(unit));
    // RUN holds the value at the start of the run.
    const entry = elementCount(values.shape.slice(1));
    const first = { ...values, shape: [1, ...values.shape.slice(1)], data: values.data.slice(0, entry) } as NdArray;
    writer.write(`/RUN/${at}/value`, first);
    writer.write(`/RUN/${at}/timestamp`, ndarray('uint64', [1], BigUint64Array.of(timestamps[0] ?? 0n)));
  }
  writer.write(`/RUN/${source.name}/classId/value`, ndarray('string', [1], [source.classId]));
  writer.write(`/RUN/${source.name}/classId/timestamp`, ndarray('uint64', [1], BigUint64Array.of(timestamps[0] ?? 0n)));
}

function writePipeline(writer: Hdf5Writer, { source, group, counts, keys }: PipelineGroup): void {
  writeIndex(writer, `${source}/${group}`, counts);
  for (const { path, values, plan, chunks, unit } of keys) {
    const at = `/INSTRUMENT/${source}/${group}/${path}`;
    if (values) {
      const chunk = chunks ?? [Math.max(1, Math.min(256, values.shape[0])), ...values.shape.slice(1)];
      writer.write(at, values, { chunks: chunk, isGrowing: true });
    } else if (plan) writer.create(at, plan);
    if (unit) writer.attributes(at, unitAttributes(unit));
  }
}

function writeIndex(writer: Hdf5Writer, name: string, counts: readonly number[]): void {
  const first = new BigUint64Array(counts.length);
  let at = 0n;
  counts.forEach((count, train) => {
    first[train] = at;
    at += BigInt(count);
  });
  const growing = { chunks: [Math.max(1, counts.length)], isGrowing: true };
  writer.write(`/INDEX/${name}/first`, ndarray('uint64', [counts.length], first), growing);
  const asBig = BigUint64Array.from(counts, (count) => BigInt(count));
  writer.write(`/INDEX/${name}/count`, ndarray('uint64', [counts.length], asBig), growing);
}

function unitAttributes(unit: PhysicalUnit): Record<string, string> {
  return {
    unitName: unit.name,
    unitSymbol: unit.symbol,
    metricPrefixName: unit.prefixName,
    metricPrefixSymbol: unit.prefixSymbol,
  };
}

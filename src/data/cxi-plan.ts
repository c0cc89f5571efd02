import { isFloatDType } from '../core/dtype.ts';
import { KeyNotFound, Unsupported } from '../core/errors.ts';
import type { VirtualCxi, VirtualCxiDataset } from '../formats/cxi.ts';
import { CxiFrames } from './cxi-frames.ts';
import type { DetectorKind } from './detectors/detector-kind.ts';
import { PARALLEL_GAINS } from './detectors/detector-parts.ts';
import type { MultiModule } from './detectors/multi-module.ts';
import type { KeyData } from './key-data.ts';
import type { Run } from './run.ts';
import type { WriteTarget } from './write-target.ts';

/** What frames of absent modules hold, by dataset. */
export interface CxiFillValues {
  /** Default NaN for floats, else 0. */
  readonly data?: number;
  /** Default 0. */
  readonly gain?: number;
  /** Default all bits. */
  readonly mask?: number;
}

const ALL_BITS = 0xffffffff;

/**
 * Modules that a train must have to be in a virtual CXI file, unless somebody says otherwise: more than half of them, or 1
 * where nobody says how many there are.
 */
export function defaultMinModules(kind: DetectorKind, moduleCount?: number): number {
  const count = moduleCount ?? kind.moduleCount;
  return count === null ? 1 : Math.floor(count / 2) + 1;
}

/**
 * Plans a virtual CXI file of all frames of a detector.
 * @param run the run that `detector` was opened from
 * @throws KeyNotFound for JUNGFRAU data without gain, Unsupported for frames that cannot stand in CXI, FormatInvalid if
 * modules disagree on pulses
 */
export async function planVirtualCxi(
  run: Run,
  detector: MultiModule,
  target: WriteTarget,
  fillValues: CxiFillValues = {},
): Promise<VirtualCxi> {
  const { kind, modules, allModules, trainIds } = detector;
  const isBurst = kind.frameAxis === 'cell';
  const group = kind.mainKey.split('.', 1)[0];
  const keysOf = (name: string): ReadonlyMap<number, KeyData> | null => {
    const sources = modules.map((module) => [module, detector.sources.get(module) as string] as const);
    if (!sources.every(([, source]) => run.hasKey(source, name))) return null;
    return new Map(
      sources.map(([module, source]) => [module, run.key(source, name).selectTrains({ by: 'id', ids: trainIds })]),
    );
  };
  const main = keysOf(kind.mainKey) as ReadonlyMap<number, KeyData>;
  const { entryShape } = first(main);
  const frames = new CxiFrames(detector, isBurst ? entryShape[0] : null, detector.isParallelGain ? PARALLEL_GAINS : 1);
  const frameShape = isBurst ? entryShape.slice(1) : entryShape;
  if (frameShape.length < 2 || frameShape.length > 3) {
    throw new Unsupported(`Frames of ${detector.name} have shape [${frameShape}], which CXI has no place for.`, {
      name: detector.name,
    });
  }
  const dataset = (keys: ReadonlyMap<number, KeyData>, fill: number | undefined, isIds = false): VirtualCxiDataset => {
    const key = first(keys);
    const dtype = key.dtype;
    if (dtype === 'record' || dtype === 'string')
      throw new Unsupported(`${key.source} ${key.key} holds ${dtype}, not pixels.`, { key: key.key });
    const shape = isBurst ? key.entryShape.slice(1) : key.entryShape;
    return {
      dtype,
      shape: [frames.total, allModules.length, ...(isIds ? [] : shape)],
      fill: fill ?? (isFloatDType(dtype) ? Number.NaN : 0),
      mappings: [...keys].flatMap(([module, one]) => {
        const index = module - kind.firstModule;
        return isIds ? frames.idMappings(one, index, target) : frames.mappings(one, index, target);
      }),
    };
  };
  const gain = keysOf(`${group}.gain`);
  if (isBurst && !gain) {
    throw new KeyNotFound(
      `${detector.name} has no data.gain, which the CXI file of a JUNGFRAU needs. Use data of the full read-out or the corrected run.`,
      { source: detector.name, name: 'data.gain', near: [] },
    );
  }
  const mask = keysOf(kind.maskKey);
  const cells = keysOf(kind.cellKey);
  const metadata = run.runMetadata();
  const isNumbered = metadata.has('proposalNumber') && metadata.has('runNumber');
  const hasGainAndMask = isBurst || !detector.isRaw;
  return {
    detectorName: detector.name,
    proposal: isNumbered ? Number(metadata.get('proposalNumber')) : null,
    run: isNumbered ? Number(metadata.get('runNumber')) : null,
    trainIds: detector.trainIdsPerFrame,
    frameIds: await (isBurst ? detector.cellIds() : detector.pulseIds()),
    frameIdName: isBurst ? 'memoryCell' : 'pulseId',
    modules: allModules,
    dataGain: frameShape.length === 3 ? ['data', 'gain'].slice(0, frameShape[0]) : null,
    gainIndices: detector.isParallelGain ? gainIndices(detector) : null,
    data: dataset(main, fillValues.data),
    gain: gain && hasGainAndMask ? dataset(gain, fillValues.gain ?? 0) : null,
    mask: mask && hasGainAndMask ? dataset(mask, fillValues.mask ?? ALL_BITS) : null,
    cellId: cells ? dataset(cells, 0, true) : null,
  };
}

function first(keys: ReadonlyMap<number, KeyData>): KeyData {
  const [key] = keys.values();
  return key;
}

/** 0, 1 and 2 for the thirds of each train. */
function gainIndices(detector: MultiModule): number[] {
  return detector.frameCounts.flatMap((count) =>
    Array.from({ length: count }, (_, frame) => Math.floor((frame * PARALLEL_GAINS) / count)),
  );
}

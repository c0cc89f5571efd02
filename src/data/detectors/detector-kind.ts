/** Types of detectors whose modules are stacked. */
export type DetectorType = 'AGIPD1M' | 'AGIPD500K' | 'LPD1M' | 'LPD_SOLO' | 'LPD_MINI' | 'DSSC1M' | 'JUNGFRAU';

/** How the modules of one type of detector appear in a run. */
export interface DetectorKind {
  readonly name: DetectorType;
  /** Output channels of the modules: detector name, `DET` or `CORR`, module number. */
  readonly sourcePattern: RegExp;
  /** Modules of a whole detector; null where it depends on the set-up. */
  readonly moduleCount: number | null;
  /** Number of the first module. */
  readonly firstModule: number;
  /** (ss, fs) of one module. */
  readonly moduleShape: readonly [ss: number, fs: number];
  readonly mainKey: 'image.data' | 'data.adc';
  /** Bad-pixel words of corrected data. */
  readonly maskKey: 'image.mask' | 'data.mask';
  /** Memory cell of each frame. */
  readonly cellKey: 'image.cellId' | 'data.memoryCell';
  /** Where the frames of a train lie: one an entry, or the memory cells of one entry. */
  readonly frameAxis: 'entry' | 'cell';
}

function xtdf(
  name: DetectorType,
  pattern: string,
  moduleCount: number | null,
  moduleShape: [number, number],
): DetectorKind {
  return {
    name,
    sourcePattern: new RegExp(`^(${pattern})/(DET|CORR)/(\\d+)CH[^:]*:`),
    moduleCount,
    firstModule: 0,
    moduleShape,
    mainKey: 'image.data',
    maskKey: 'image.mask',
    cellKey: 'image.cellId',
    frameAxis: 'entry',
  };
}

/**
 * All detector types whose modules we stack.
 *
 * LPD Mini: the read-out hands its small modules (32 x 256 pixels each) on in channels of 256 x 256, as a large LPD module
 * does; they are stacked as channels. Which rows belong to which small module could not be confirmed from documents or data.
 * @source EXtra-data components.py; LPD Mini: EXtra-geom LPD_MiniGeometry for the size of a module
 */
export const DETECTOR_KINDS: readonly DetectorKind[] = [
  xtdf('AGIPD1M', '[^/]+_AGIPD1M[^/]*', 16, [512, 128]),
  xtdf('AGIPD500K', '[^/]+AGIPD500K[^/]*', 8, [512, 128]),
  xtdf('LPD1M', '[^/]+_LPD1M[^/]*', 16, [256, 256]),
  xtdf('LPD_SOLO', '[^/]+_LPD_SOLO[^/]*', 1, [256, 256]),
  xtdf('LPD_MINI', '[^/]+_LPD_MINI[^/]*', null, [256, 256]),
  xtdf('DSSC1M', '[^/]+_DSSC1M[^/]*', 16, [128, 512]),
  {
    name: 'JUNGFRAU',
    sourcePattern: /^([^/]+_(?:JNGFR|JF[14]M|JUNGF|JF500K\d?|JF)[^/]*)\/(DET|CORR)\/(?:MODULE_|RECEIVER-|JNGFR)(\d+):/,
    moduleCount: null,
    firstModule: 1,
    moduleShape: [512, 1024],
    mainKey: 'data.adc',
    maskKey: 'data.mask',
    cellKey: 'data.memoryCell',
    frameAxis: 'cell',
  },
];

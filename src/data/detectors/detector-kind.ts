/** How the modules of one type of detector appear in a run. */
export interface DetectorKind {
  readonly name: 'AGIPD1M' | 'AGIPD500K' | 'LPD1M' | 'LPD_SOLO' | 'DSSC1M' | 'JUNGFRAU';
  /** Output channels of the modules: detector name, `DET` or `CORR`, module number. */
  readonly sourcePattern: RegExp;
  /** Modules of a whole detector; null where it depends on the set-up. */
  readonly moduleCount: number | null;
  /** Number of the first module. */
  readonly firstModule: number;
  /** (ss, fs) of one module. */
  readonly moduleShape: readonly [ss: number, fs: number];
  readonly mainKey: 'image.data' | 'data.adc';
  /** Axes of an entry of the main key in raw data; others than the last two are memory cells or the two raw planes. */
  readonly frameAxis: 'entry' | 'cell';
}

function xtdf(
  name: DetectorKind['name'],
  pattern: string,
  moduleCount: number,
  moduleShape: [number, number],
): DetectorKind {
  return {
    name,
    sourcePattern: new RegExp(`^(${pattern})/(DET|CORR)/(\\d+)CH[^:]*:`),
    moduleCount,
    firstModule: 0,
    moduleShape,
    mainKey: 'image.data',
    frameAxis: 'entry',
  };
}

/** All detector types whose modules we stack. @source EXtra-data components.py */
export const DETECTOR_KINDS: readonly DetectorKind[] = [
  xtdf('AGIPD1M', '[^/]+_AGIPD1M[^/]*', 16, [512, 128]),
  xtdf('AGIPD500K', '[^/]+AGIPD500K[^/]*', 8, [512, 128]),
  xtdf('LPD1M', '[^/]+_LPD1M[^/]*', 16, [256, 256]),
  xtdf('LPD_SOLO', '[^/]+_LPD_SOLO[^/]*', 1, [256, 256]),
  xtdf('DSSC1M', '[^/]+_DSSC1M[^/]*', 16, [128, 512]),
  {
    name: 'JUNGFRAU',
    sourcePattern: /^([^/]+_(?:JNGFR|JF[14]M|JUNGF|JF500K\d?|JF)[^/]*)\/(DET|CORR)\/(?:MODULE_|RECEIVER-|JNGFR)(\d+):/,
    moduleCount: null,
    firstModule: 1,
    moduleShape: [512, 1024],
    mainKey: 'data.adc',
    frameAxis: 'cell',
  },
];

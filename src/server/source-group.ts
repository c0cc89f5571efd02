/** Headings of the source tree and what their sources are called, in the order in which they are tried. */
const GROUPS: readonly (readonly [string, RegExp])[] = [
  ['Detector', /\/(DET|CORR)\/\d+CH0|_DET_|\/DET\//],
  ['XGM', /XGM/i],
  ['Digitizers', /ADC|DIGI|FASTADC|ADQ/i],
  ['Cameras', /CAM|ZYLA|BASLER|GREATEYES|:daqOutput$/i],
  ['Motors', /MOTOR|MOV|_MTR/i],
  ['Laser and timing', /LAS|TIMING|SYNC|TIMESERVER|BUNCH|DELAY/i],
];

/** The heading under which a source is listed. */
export function groupOfSource(name: string): string {
  return GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'Other';
}

import type { Provenance, useCurves } from './curve-store.ts';

type Curves = ReturnType<typeof useCurves.getState>;

/** What is done to a picture and its curve, in the words of the page: `solid angle`, `dark`, ... */
export function correctionWords({
  settings,
  corrections,
  dummy,
  background,
}: Pick<Curves, 'settings' | 'corrections' | 'dummy' | 'background'>): readonly string[] {
  return [
    ...(settings.hasSolidAngle ? ['solid angle'] : []),
    ...(settings.polarization === null ? [] : [`polarisation ${settings.polarization}`]),
    ...(corrections.dark ? ['dark'] : []),
    ...(corrections.flat ? ['flat field'] : []),
    ...(settings.oblique ? ['oblique incidence'] : []),
    ...(settings.seat ? ['anvil and seat'] : []),
    ...(corrections.original && corrections.response ? ['transfer function'] : []),
    ...(dummy === null ? [] : [`dummy ${dummy}`]),
    ...(corrections.background ? ['picture without sample'] : []),
    ...(background.kind === 'auto' ? ['background of the curve'] : []),
  ];
}

/** How a picture becomes a curve or a cake, in words for a file's heading; what is taken off the curve later is not in them. */
export function integrationWords(curves: Omit<Parameters<typeof correctionWords>[0], 'background'>): string {
  const on = correctionWords({ ...curves, background: { kind: 'none' } });
  return `pixels split: ${curves.settings.method}; corrected for: ${on.length === 0 ? 'nothing' : on.join(', ')}`;
}

/** Lines for the heading of a curve's file: of what it is, and how it was made. */
export function headingLines(
  { picture, version, how }: Provenance,
  { background, subtracted, overlays }: Pick<Curves, 'background' | 'subtracted' | 'overlays'>,
): readonly string[] {
  const other = overlays.find(({ id }) => id === subtracted);
  return [
    picture,
    `geometry v${version}`,
    how,
    ...(other ? [`taken off: ${other.name}`] : []),
    ...(background.kind === 'auto' ? ['taken off: background found from the curve'] : []),
  ];
}

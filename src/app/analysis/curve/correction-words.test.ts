import { describe, expect, it } from 'vitest';
import { correctionWords, headingLines, integrationWords } from './correction-words.ts';
import { useCurves } from './curve-store.ts';

const now = useCurves.getState();
const made = { version: 2, picture: 'run 4 · mean', stem: 'r0004', unit: 'keV' };

describe('words for how a curve was made', () => {
  it('names what is on, and that nothing is', () => {
    expect(correctionWords(now)).toEqual(['solid angle']);
    expect(integrationWords(now)).toBe('pixels split: full; corrected for: solid angle');
    const settings = { ...now.settings, hasSolidAngle: false, method: 'no' as const };
    expect(integrationWords({ ...now, settings })).toBe('pixels split: no; corrected for: nothing');
    expect(
      correctionWords({
        settings: { ...settings, polarization: 0.9 },
        corrections: { ...now.corrections, dark: 'dark.npy', original: 'a.npy' },
        dummy: -1,
        background: { kind: 'auto', width: 1, iterations: 5, order: 0 },
      }),
    ).toEqual(['polarisation 0.9', 'dark', 'dummy -1', 'background of the curve']);
  });

  it('tells in a heading what was taken off the curve', () => {
    const how = integrationWords(now);
    expect(headingLines({ ...made, how }, now)).toEqual(['run 4 · mean', 'geometry v2', how]);
    useCurves.getState().addOverlay({ name: 'empty', unit: 'q_A^-1', x: Float64Array.of(1), y: Float64Array.of(1) });
    const { overlays } = useCurves.getState();
    const background = { kind: 'auto', width: 1, iterations: 5, order: 0 } as const;
    expect(headingLines({ ...made, how }, { overlays, subtracted: overlays[0].id, background }).slice(3)).toEqual([
      'taken off: empty',
      'taken off: background found from the curve',
    ]);
  });
});

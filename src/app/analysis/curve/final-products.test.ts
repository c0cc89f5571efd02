import { afterEach, describe, expect, it } from 'vitest';
import { type BeforeAfter, useCurves } from './curve-store.ts';
import { whenFinal } from './final-products.ts';

const made = { version: 1, picture: 'run 4', stem: 'r0004', unit: 'keV', how: 'pixels split: no' };
const curves = (isFinal: boolean): BeforeAfter<never[]> => ({
  before: null,
  after: [],
  made,
  isProposal: false,
  isFinal,
});

describe('waiting for what is made as chosen', () => {
  afterEach(() => useCurves.setState({ curves: null, cakes: null, isBusy: false }));

  it('ends at once where there is nothing to wait for', async () => {
    await whenFinal('curves');
    useCurves.setState({ curves: curves(true) });
    await whenFinal('curves');
  });

  it('ends when the chosen one has replaced the quick one, not before', async () => {
    useCurves.setState({ curves: curves(false) });
    let isDone = false;
    const done = whenFinal('curves').then(() => {
      isDone = true;
    });
    useCurves.setState({ isBusy: true });
    useCurves.setState({ curves: curves(true) });
    await Promise.resolve();
    expect(isDone).toBe(false);
    useCurves.setState({ isBusy: false });
    await done;
    expect(isDone).toBe(true);
  });

  it('ends where making them failed', async () => {
    useCurves.setState({ isBusy: true, curves: curves(false) });
    const done = whenFinal('curves');
    useCurves.setState({ curves: null, isBusy: false });
    await done;
  });
});

import { describe, expect, it } from 'vitest';
import { chooseDetector, readAddressedDocument, readLevels, readPictureChoice } from './geometry-address.ts';

const choice = (text: string) => readPictureChoice(new URLSearchParams(text));
const document = (text: string) => readAddressedDocument(new URLSearchParams(text));

describe('the address of the geometry page', () => {
  it('chooses the picture', () => {
    expect(choice('detector=A&over=one&train=3&pulse=12&view=raw&trains=7')).toEqual({
      detector: 'A',
      over: 'one',
      train: 3,
      pulse: 12,
      view: 'raw',
      trains: 7,
    });
    expect(choice('')).toEqual({ detector: null, over: 'mean', train: 0, pulse: 0, view: null, trains: 20 });
  });

  it('says numbers of the experiment', () => {
    expect(document('distance=0.152&energy=9.3&calibrant=CeO2&rings=4')).toEqual({
      distance: 0.152,
      photonEnergyKeV: 9.3,
      calibrant: 'CeO2',
      rings: 4,
    });
  });

  it('chooses a detector by name, by kind, or the first', () => {
    const [agipd, lpd] = [
      { name: 'SPB_DET_AGIPD1M-1', type: 'AGIPD1M' },
      { name: 'FXE_DET_LPD1M-1', type: 'LPD1M' },
    ];
    for (const wanted of ['FXE_DET_LPD1M-1', 'LPD', 'lpd1m']) expect(chooseDetector([agipd, lpd], wanted)).toBe(lpd);
    for (const wanted of [null, '', 'DSSC']) expect(chooseDetector([agipd, lpd], wanted)).toBe(agipd);
    expect(chooseDetector([], 'LPD')).toBeNull();
  });

  it('says levels', () => {
    const levels = (text: string) => readLevels(new URLSearchParams(text));
    expect(levels('levels=-1,2.5e3')).toEqual({ low: -1, high: 2500 });
    for (const text of ['', 'levels=3,1', 'levels=1', 'levels=a,b', 'levels=1,1e999']) expect(levels(text)).toBeNull();
  });

  it('passes over what makes no sense', () => {
    expect(choice('over=median&train=-3&pulse=1e9&trains=0&view=left')).toMatchObject({
      over: 'mean',
      train: 0,
      pulse: 0,
      view: null,
      trains: 1,
    });
    expect(document('distance=-1&energy=Infinity&rings=1000')).toEqual({
      distance: null,
      photonEnergyKeV: null,
      calibrant: null,
      rings: null,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { bytesOf, isNdArray, type NdArray } from '../core/ndarray.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { wholeParts } from './outgoing-part.ts';
import { createReplay } from './replay.ts';
import { beamlineSources, makeBeamlineTrains } from './synthetic-beamline.ts';
import { makeSyntheticTrains } from './synthetic-detector.ts';
import { bytesOfTrain, trainOfMessage } from './train-message.ts';

const options = { pulses: 64, motors: 3, layout: 'online' } as const;

describe('a made-up beamline', () => {
  it('is a ring that stays within its memory, and of one train at least', () => {
    const [train] = makeBeamlineTrains(options, 1);
    const size = bytesOfTrain(train);
    expect(makeBeamlineTrains(options, 1000, [], 5.5 * size).map(({ trainId }) => trainId)).toEqual([0, 1, 2, 3, 4]);
    expect(makeBeamlineTrains(options, 1000, [], 1).length).toBe(1);
  });

  it('has motors, an XGM of 2700 pulses and cameras', () => {
    const sources = beamlineSources(options, 5);
    expect([...sources.keys()]).toEqual([
      'SPB_IRU_MOT/MOTOR/X1',
      'SPB_IRU_MOT/MOTOR/X2',
      'SPB_IRU_MOT/MOTOR/X3',
      'SPB_XTD9_XGM/XGM/DOOCS',
      'SPB_XTD9_XGM/XGM/DOOCS:output',
      'SPB_IRU_CAM/CAM/SIDEMIC:daqOutput',
      'SPB_EXP_ZYLA/CAM/1:output',
    ]);
    const intensity = sources.get('SPB_XTD9_XGM/XGM/DOOCS:output')?.data.get('data.intensityTD') as NdArray<'float32'>;
    expect([intensity.dtype, intensity.shape]).toEqual(['float32', [2700]]);
    expect([...intensity.data.subarray(64)].every((value) => value === 1)).toBe(true);
    const mean = intensity.data.subarray(0, 64).reduce((sum, value) => sum + value, 0) / 64;
    expect(mean).toBeCloseTo(
      Number(sources.get('SPB_XTD9_XGM/XGM/DOOCS')?.data.get('pulseEnergy.photonFlux.value')),
      3,
    );
    expect(Math.abs(mean - 800)).toBeLessThan(60);
    const position = sources.get('SPB_IRU_MOT/MOTOR/X1')?.data;
    expect(
      Math.abs(Number(position?.get('actualPosition.value')) - Number(position?.get('targetPosition.value'))),
    ).toBeLessThan(0.01);
  });

  it('has pictures under the key of the layout, with a spot', () => {
    for (const [layout, key] of [
      ['online', 'data.image.data'],
      ['file', 'data.image.pixels'],
    ] as const) {
      const picture = beamlineSources({ ...options, layout }, 0)
        .get('SPB_EXP_ZYLA/CAM/1:output')
        ?.data.get(key);
      if (!isNdArray(picture)) throw new Error(`no ${key}`);
      const pixels = picture.data as Uint16Array;
      expect([picture.dtype, picture.shape]).toEqual(['uint16', [480, 640]]);
      const brightest = pixels.indexOf(pixels.reduce((a, b) => Math.max(a, b)));
      expect(Math.abs((brightest % 640) - 320)).toBeLessThan(100);
      expect(pixels[brightest]).toBeGreaterThan(1500);
      expect(pixels[0]).toBeLessThan(120);
    }
  });

  it('is the same for the same train and another one for another', () => {
    const bytes = (index: number) =>
      [...beamlineSources(options, index).values()].map(({ data }) =>
        [...data.values()].map((value) => (isNdArray(value) ? Buffer.from(bytesOf(value)).toString('base64') : value)),
      );
    expect(bytes(3)).toEqual(bytes(3));
    expect(bytes(3)).not.toEqual(bytes(4));
  });

  it('goes on while the pictures of the detector come round', () => {
    const raw = {
      detector: 'AGIPDModule',
      isRaw: true,
      values: 'random',
      layout: 'file',
      pulses: 1,
      sources: 1,
    } as const;
    const trains = makeBeamlineTrains(options, 5, makeSyntheticTrains(raw, 2));
    const pictures = trains.map(({ sources }) => sources.get('SPB_DET_AGIPD1M-1/DET/0CH0:xtdf'));
    expect(pictures[0]).toBe(pictures[4]);
    expect(pictures[0]).not.toBe(pictures[1]);
    const positions = trains.map(({ sources }) =>
      sources.get('SPB_IRU_MOT/MOTOR/X1')?.data.get('actualPosition.value'),
    );
    expect(new Set(positions).size).toBe(5);
  });

  it.each(['1.0', '2.0', '2.1', '2.2'] as const)('arrives as it was made over protocol %s', (protocol) => {
    const trains = makeBeamlineTrains(options, 1);
    const parts = createReplay(trains, 500, protocol)();
    expect(parts.length === 1).toBe(protocol === '1.0');
    const got = trainOfMessage(decodeBridgeMessage(wholeParts(parts)), 0, () => undefined);
    expect(got.trainId).toBe(500);
    expect([...got.sources.keys()]).toEqual([...trains[0].sources.keys()].sort());
    for (const [name, { data }] of trains[0].sources)
      for (const [key, value] of data) {
        const other = got.sources.get(name)?.data.get(key);
        if (key === 'data.trainId') continue;
        if (isNdArray(value))
          expect(isNdArray(other) && [other.dtype, other.shape, other.data]).toEqual([
            value.dtype,
            value.shape,
            value.data,
          ]);
        else expect([key, other]).toEqual([key, value]);
      }
  });
});

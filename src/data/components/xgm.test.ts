import { afterAll, describe, expect, it } from 'vitest';
import {
  controlSource,
  FIRST_TRAIN,
  type MockRun,
  openMockRun,
  pipelineGroup,
} from '../../../test/conformance/mock-run.ts';
import { ndarray } from '../../core/ndarray.ts';
import { byIndex } from '../train-selection.ts';
import { findXgms, openXgm } from './xgm.ts';

const TRAINS = 4;
const LENGTH = 10;
const SA1 = 'SA1_XTD2_XGM/XGM/DOOCS';
const SPB = 'SPB_XTD9_XGM/XGM/DOOCS';

/** Energies by train, filled up with 1.0 as the device does. */
function filled(rows: readonly (readonly number[])[]) {
  const data = new Float32Array(rows.length * LENGTH).fill(1);
  for (const [train, row] of rows.entries()) data.set(row, train * LENGTH);
  return ndarray('float32', [rows.length, LENGTH], data);
}

const opened: MockRun[] = [];
async function open(...args: Parameters<typeof openMockRun>) {
  const mock = await openMockRun(...args);
  opened.push(mock);
  return mock.run;
}
afterAll(async () => {
  for (const mock of opened) await mock.close();
});

/** Two monitors; the second has no entry in the third train, and no pulses in the last. */
function openTwo() {
  const energies = filled([[900, 800, 0.5], [700], [], [850, 1, 840]]);
  return open(TRAINS, {
    control: [
      controlSource(SA1, 'DoocsXGM', {
        'pulseEnergy/photonFlux': [800, 810, 820, 830],
        'pulseEnergy/wavelengthUsed': [0.1333, 0.1333, 0.1333, 0.1333],
        'pulseEnergy/nummberOfBrunches': [3, 1, 0, 3],
        'pulseEnergy/numberOfSa1BunchesActual': [2, 1, 0, 2],
        'beamPosition/ixPos': [0.1, 0.2, 0.3, 0.4],
        'beamPosition/iyPos': [-0.1, -0.2, -0.3, -0.4],
      }),
      controlSource(SPB, 'DoocsXGM', { 'pulseEnergy/wavelengthUsed': [0.1, 0.1, 0.2, 0.1] }),
    ],
    pipelines: [
      pipelineGroup(
        `${SA1}:output`,
        'data',
        [1, 1, 1, 1],
        { intensityTD: energies, intensitySa1TD: filled([[900, 800], [700], [], [850, 840]]) },
        true,
      ),
      pipelineGroup(`${SPB}:output`, 'data', [1, 1, 0, 1], { intensityTD: filled([[5], [6, 7], []]) }),
    ],
  });
}

describe('Xgm', () => {
  it('cuts the filling behind the last pulse', async () => {
    const xgm = openXgm(await openTwo(), 'sa1');
    const energies = await xgm.pulseEnergies();
    expect(energies.trainIds).toEqual([0, 1, 2, 3].map((i) => FIRST_TRAIN + i));
    expect(energies.counts).toEqual([3, 1, 0, 3]);
    expect(energies.units).toBe('μJ');
    expect([...energies.ofTrain(FIRST_TRAIN)]).toEqual([900, 800, 0.5]);
    // A pulse of exactly 1 μJ in front of another one is a pulse.
    expect([...energies.ofTrain(FIRST_TRAIN + 3)]).toEqual([850, 1, 840]);
    const padded = energies.toPadded();
    expect([padded.dims, padded.shape]).toEqual([
      ['trainId', 'pulseIndex'],
      [4, 3],
    ]);
    expect([...padded.presence.data]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(padded.data[4]).toBeNaN();
  });

  it('takes as many pulses as it is told', async () => {
    const xgm = openXgm(await openTwo(), SA1);
    expect((await xgm.pulseEnergies({ pulseCounts: 2 })).counts).toEqual([2, 2, 2, 2]);
    const counts = new Map([
      [FIRST_TRAIN, 1],
      [FIRST_TRAIN + 3, 3],
    ]);
    const some = await xgm.pulseEnergies({ pulseCounts: counts });
    expect([some.trainIds, [...some.data]]).toEqual([
      [FIRST_TRAIN, FIRST_TRAIN + 3],
      [900, 850, 1, 840],
    ]);
    await expect(xgm.pulseEnergies({ pulseCounts: 11 })).rejects.toMatchObject({ tag: 'SelectionInvalid' });
  });

  it('tells beamlines apart where the device does', async () => {
    const run = await openTwo();
    const xgm = openXgm(run, 'SA1');
    expect([xgm.sase, xgm.resolvedSases]).toEqual([1, [1]]);
    expect((await xgm.pulseEnergies({ sase: 1 })).counts).toEqual([2, 1, 0, 2]);
    expect([...(await xgm.pulseCounts({ sase: 1 })).data]).toEqual([2, 1, 0, 2]);
    await expect(xgm.pulseEnergies({ sase: 3 })).rejects.toMatchObject({ tag: 'KeyNotFound' });
    const spb = openXgm(run, 'spb');
    expect([spb.resolvedSases, (await spb.pulseEnergies()).counts]).toEqual([[], [1, 2, 0]]);
    expect((await spb.pulseEnergies()).trainIds).toEqual([FIRST_TRAIN, FIRST_TRAIN + 1, FIRST_TRAIN + 3]);
  });

  it('reads slow values', async () => {
    const xgm = openXgm(await openTwo(), SA1);
    expect([...(await xgm.pulseCounts()).data]).toEqual([3, 1, 0, 3]);
    expect([...(await xgm.photonFlux()).data]).toEqual([800, 810, 820, 830]);
    const { x, y } = await xgm.beamPosition();
    expect([x.data[3], y.data[3], x.dims]).toEqual([0.4, -0.4, ['trainId']]);
    expect(await xgm.wavelengthNm()).toBe(0.1333);
    expect(await xgm.photonEnergyKeV()).toBeCloseTo(9.301, 3);
    const later = xgm.selectTrains(byIndex({ start: 3 }));
    expect([...(await later.pulseEnergies()).counts]).toEqual([3]);
    await expect(xgm.slowTrainEnergy()).rejects.toThrow(/has no controlData.slowTrain/);
  });

  it('knows when the wavelength changed', async () => {
    const xgm = openXgm(await openTwo(), 'SPB');
    await expect(xgm.wavelengthNm()).rejects.toMatchObject({ tag: 'SelectionInvalid' });
    expect([...(await xgm.photonEnergyByTrain()).data].map((keV) => keV.toFixed(2))).toEqual([
      '12.40',
      '12.40',
      '6.20',
      '12.40',
    ]);
  });

  it('says which monitors there are', async () => {
    const run = await openTwo();
    expect(findXgms(run)).toEqual([SA1, SPB]);
    expect(() => openXgm(run)).toThrow(expect.objectContaining({ tag: 'SelectionInvalid' }));
    expect(() => openXgm(run, 'hed')).toThrow(/no gas monitor "hed". It has: SA1_XTD2/);
    expect(openXgm(run, `${SPB}:output`).name).toBe(SPB);
    const none = await open(1, { control: [controlSource('SPB_MOT/MOTOR/X', 'Motor', { actualPosition: [1] })] });
    expect(() => openXgm(none)).toThrow(expect.objectContaining({ tag: 'SourceNotFound' }));
  });

  it('finds monitors of other names by their class', async () => {
    const run = await open(1, { control: [controlSource('SQS_GAS/MON/1', 'DoocsXGMReduced', { flux: [1] })] });
    expect(openXgm(run).name).toBe('SQS_GAS/MON/1');
    await expect(openXgm(run).pulseEnergies()).rejects.toMatchObject({ tag: 'SourceNotFound' });
  });
});

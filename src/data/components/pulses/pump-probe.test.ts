import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  controlSource,
  FIRST_TRAIN,
  type MockRun,
  openMockRun,
  pipelineGroup,
} from '../../../../test/conformance/mock-run.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { byIndex } from '../../train-selection.ts';
import { openPumpProbePulses } from './pump-probe.ts';

const PLACES = 2700;
const SERVER = 'SPB_RR_SYS/TSYS/TIMESERVER:outputBunchPattern';
/** Words of the table: an X-ray pulse of SASE1, the lasers of SPB and FXE. */
const [XRAY, LASER_SPB, LASER_FXE] = [(4 << 18) | 8, 1 << 10, 1 << 11];

const opened: MockRun[] = [];
afterAll(async () => {
  for (const mock of opened) await mock.close();
});

interface Train {
  readonly xrays: readonly number[];
  readonly laser: readonly number[];
}

async function open(trains: readonly Train[], extra: Parameters<typeof openMockRun>[1] = {}, laserBit = LASER_SPB) {
  const data = new Uint32Array(trains.length * PLACES);
  for (const [train, { xrays, laser }] of trains.entries()) {
    for (const id of xrays) data[train * PLACES + id] |= XRAY;
    for (const id of laser) data[train * PLACES + id] |= laserBit;
  }
  const bunchPatternTable = ndarray('uint32', [trains.length, PLACES], data);
  const mock = await openMockRun(trains.length, {
    ...extra,
    pipelines: [
      pipelineGroup(
        SERVER,
        'data',
        trains.map(() => 1),
        { bunchPatternTable },
      ),
    ],
  });
  opened.push(mock);
  return mock.run;
}

/** Laser at every second X-ray pulse in even trains, none in odd ones. */
const ALTERNATING: readonly Train[] = [0, 1, 2, 3].map((train) => ({
  xrays: [1000, 1006, 1012, 1018],
  laser: train % 2 === 0 ? [0, 12] : [],
}));

describe('PumpProbePulses', () => {
  it.each([
    [{ tablePosition: 1006 }, [1006, 1018]],
    [{ tableOffset: 0 }, [1000, 1012]],
    [{ tableOffset: -3 }, [997, 1009]],
    [{ pulseOffset: 1 }, [1006, 1018]],
    [{ pulseOffset: 0.5 }, [1003, 1015]],
    [{ pulseOffset: -2 }, [988, 1000]],
  ] as const)('places the laser: %j', async (anchor, laser) => {
    const pulses = openPumpProbePulses(await open(ALTERNATING), anchor);
    const ids = await pulses.pulseIds();
    const wanted = [...new Set([...ALTERNATING[0].xrays, ...laser])].sort((a, b) => a - b);
    expect([...ids.at(0)]).toEqual(wanted);
    expect([...ids.at(1)]).toEqual(ALTERNATING[1].xrays);
    expect([...(await pulses.flags()).at(0)]).toEqual(
      wanted.map((id) => Number(ALTERNATING[0].xrays.includes(id)) + 2 * Number(laser.includes(id as never))),
    );
  });

  it('tells which X-rays are pumped, and the patterns of trains in turn', async () => {
    const pulses = openPumpProbePulses(await open(ALTERNATING), { pulseOffset: 1 });
    const pumped = await pulses.pumpedXrays();
    expect([...pumped.data]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    expect(pumped.counts).toEqual((await pulses.xrays.pulseIds()).counts);
    const trains = [0, 1, 2, 3].map((i) => FIRST_TRAIN + i);
    expect(await pulses.patterns()).toEqual([
      { trainIds: [trains[0], trains[2]], xrays: [1000, 1006, 1012, 1018], laser: [1006, 1018] },
      { trainIds: [trains[1], trains[3]], xrays: [1000, 1006, 1012, 1018], laser: [] },
    ]);
    expect(await pulses.isConstant()).toBe(false);
    expect(await pulses.selectTrains(byIndex([0, 2])).isConstant()).toBe(true);
    const mask = await pulses.pulseMask('laser');
    const marked = (values: Uint8Array) => [...values].flatMap((value, place) => (value ? [place % PLACES] : []));
    expect([mask.dims, marked(mask.data)]).toEqual([
      ['trainId', 'pulseId'],
      [1006, 1018, 1006, 1018],
    ]);
    expect(marked((await pulses.pulseMask('xrays')).data.subarray(0, PLACES))).toEqual([1000, 1006, 1012, 1018]);
    expect(
      marked((await openPumpProbePulses(await open(ALTERNATING), { tableOffset: 3 }).pulseMask()).data).length,
    ).toBe(4 * 4 + 2 * 2);
  });

  it('takes from another train where the laser is if a train does not say', async () => {
    const laser = [0];
    const trains: Train[] = [
      { xrays: [], laser },
      { xrays: [100, 110], laser },
      { xrays: [200], laser },
      { xrays: [300, 320], laser },
      { xrays: [], laser },
    ];
    const run = await open(trains);
    const laserOf = async (anchor: Parameters<typeof openPumpProbePulses>[1], source = run) =>
      (await openPumpProbePulses(source, anchor).patterns()).map((pattern) => pattern.laser[0]);
    expect(await laserOf({ pulseOffset: 1 })).toEqual([110, 110, 110, 320, 320]);
    expect(await laserOf({ tableOffset: 5 })).toEqual([105, 105, 205, 305, 305]);
    // A train with one pulse says where that is.
    expect(await laserOf({ pulseOffset: 0 })).toEqual([100, 100, 200, 300, 300]);
    await expect(laserOf({ pulseOffset: 1, isExtrapolated: false })).rejects.toThrow(
      /Train 10000 has 0 X-ray pulses, too few/,
    );
    // Without laser pulses there is nothing to say.
    const dark = await open([
      { xrays: [], laser: [] },
      { xrays: [5, 6], laser },
    ]);
    expect(await laserOf({ pulseOffset: 1, isExtrapolated: false }, dark)).toEqual([undefined, 6]);
    const never = await open([{ xrays: [7], laser }]);
    await expect(laserOf({ pulseOffset: 1 }, never)).rejects.toThrow(/1 X-ray pulses, too few/);
  });

  it('keeps every pulse once, whatever the patterns are', async () => {
    const places = fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { maxLength: 30 });
    const sorted = places.map((ids) => ids.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ xrays: sorted, laser: sorted }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 1500 }),
        async (trains, tablePosition) => {
          const pulses = openPumpProbePulses(await open(trains), { tablePosition });
          const [ids, flags] = [await pulses.pulseIds(), await pulses.flags()];
          for (const [i, { xrays, laser }] of trains.entries()) {
            const with1 = [...ids.at(i)].filter((_, k) => flags.at(i)[k] & 1);
            const with2 = [...ids.at(i)].filter((_, k) => flags.at(i)[k] & 2);
            expect([with1, with2]).toEqual([xrays, laser.map((id) => id + tablePosition)]);
            expect([...ids.at(i)]).toEqual([...new Set([...with1, ...with2])].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('finds the laser of the instrument, or asks for it', async () => {
    const fxe = await open(ALTERNATING, {}, LASER_FXE);
    // The names say SPB, whose laser does not fire here.
    expect((await openPumpProbePulses(fxe, { tablePosition: 9 }).patterns())[0].laser).toEqual([]);
    expect((await openPumpProbePulses(fxe, { tablePosition: 9, laser: 'LP_FXE' }).patterns())[0].laser).toEqual([
      9, 21,
    ]);
    const both = await open(ALTERNATING, { control: [controlSource('FXE_X/MOTOR/Y', 'Motor', { p: [1, 2, 3, 4] })] });
    expect(() => openPumpProbePulses(both, { tablePosition: 9 })).toThrow(/LP_SPB.*Give laser|LP_FXE.*Give laser/);
  });

  it('says what is impossible', async () => {
    const run = await open(ALTERNATING);
    expect(() => openPumpProbePulses(run, {} as never)).toThrow(/tablePosition or tableOffset/);
    expect(() => openPumpProbePulses(run, { tablePosition: 1.5 })).toThrow(/whole numbers/);
    expect(() => openPumpProbePulses(run, { pulseOffset: Number.NaN })).toThrow(/Say where the laser is/);
    await expect(openPumpProbePulses(run, { tableOffset: -1001 }).pulseIds()).rejects.toThrow(
      /laser pulse at place -1; the table has 0 to 2699. Check tableOffset/,
    );
  });
});

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
import { BUNCH_RATE } from '../../bunch-rate.ts';
import { byIndex } from '../../train-selection.ts';
import {
  BUNCH_BITS,
  bunchCharge,
  bunchDestination,
  isLaserPulse,
  isMachinePulse,
  isSasePulse,
  LASER_SEEDS,
} from './bunch-pattern.ts';
import { openPulsePattern } from './pulse-pattern.ts';

const PLACES = 2700;
const T4D = 4 << 18;
const T5D = 2 << 18;
const TLD = 8 << 18;
const KICK = BUNCH_BITS.photonLineDeflection;
const SERVER = 'SPB_RR_SYS/TSYS/TIMESERVER';
const DECODER = 'SPB_RR_SYS/MDL/BUNCH_PATTERN';

const opened: MockRun[] = [];
async function open(...args: Parameters<typeof openMockRun>) {
  const mock = await openMockRun(...args);
  opened.push(mock);
  return mock.run;
}
afterAll(async () => {
  for (const mock of opened) await mock.close();
});

/** Words at places of each train. */
function table(trains: readonly ReadonlyMap<number, number>[]) {
  const data = new Uint32Array(trains.length * PLACES);
  for (const [train, words] of trains.entries()) for (const [place, word] of words) data[train * PLACES + place] = word;
  return ndarray('uint32', [trains.length, PLACES], data);
}

/** SASE1 every 6 places (every 12 from the third train on), SASE2 every 8, one of SASE3, pump laser from place 0. */
function words(train: number): Map<number, number> {
  const found = new Map<number, number>();
  const add = (place: number, word: number) => found.set(place, (found.get(place) ?? 0) | word);
  for (let place = 0; place < 300; place += 6) add(place, 1 << 10);
  for (let place = 1000; place < 1300; place += train < 2 ? 6 : 12) add(place, T4D | 8);
  for (let place = 1500; place < 2000; place += 8) add(place, T5D | 8);
  add(200, T4D | KICK | 8);
  add(2600, TLD | 8);
  return found;
}

function openServer(name = `${SERVER}:outputBunchPattern`) {
  const trains = Array.from({ length: 4 }, (_, train) => words(train));
  return open(4, { pipelines: [pipelineGroup(name, 'data', [1, 1, 1, 1], { bunchPatternTable: table(trains) })] });
}

describe('bits of the bunch pattern', () => {
  it('tell beamlines, lasers, destination and charge', () => {
    const cases: [number, number[], string | undefined][] = [
      [T4D, [1], 'sase13-dump'],
      [T4D | KICK, [3], 'sase13-dump'],
      [T5D | KICK, [2], 'sase2-dump'],
      [TLD, [], 'main-dump'],
      [0, [], 'none'],
      [9 << 18, [], undefined],
      [(0xffffffff & ~BUNCH_BITS.destination) | T5D, [2], 'sase2-dump'],
    ];
    for (const [word, sases, destination] of cases) {
      expect(([1, 2, 3] as const).filter((sase) => isSasePulse(word, sase))).toEqual(sases);
      expect(bunchDestination(word)).toBe(destination);
    }
    expect([0, 8, 12].map(bunchCharge)).toEqual([0, 0.25, 1]);
    expect(isLaserPulse(1 << 10, 'LP_SPB')).toBe(true);
    expect(LASER_SEEDS.filter((seed) => isLaserPulse(1 << 9, seed))).toEqual(['LP_SASE2']);
    expect([TLD, T4D, T5D, 3 << 18].map(isMachinePulse)).toEqual([true, true, true, false]);
  });

  it('give a bunch to one beamline at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
        const own = ([1, 2, 3] as const).filter((sase) => isSasePulse(word, sase));
        expect(own.length).toBeLessThanOrEqual(1);
        expect(isMachinePulse(word)).toBe(own.length === 1 || bunchDestination(word) === 'main-dump');
      }),
    );
  });
});

describe('PulsePattern of a time server', () => {
  it('has the pulses of each beamline', async () => {
    const run = await openServer();
    const sase1 = openPulsePattern(run);
    expect([sase1.kind, sase1.source, sase1.places]).toEqual([{ sase: 1 }, `${SERVER}:outputBunchPattern`, PLACES]);
    const ids = await sase1.pulseIds();
    expect(ids.counts).toEqual([50, 50, 25, 25]);
    expect([...ids.ofTrain(FIRST_TRAIN + 2)].slice(0, 3)).toEqual([1000, 1012, 1024]);
    expect([...(await sase1.pulseCounts()).data]).toEqual([50, 50, 25, 25]);
    expect([...(await sase1.pulsePeriods()).data]).toEqual([6, 6, 12, 12]);
    expect((await sase1.repetitionRates()).data[0]).toBeCloseTo(BUNCH_RATE / 6);
    expect(await sase1.isConstant()).toBe(false);
    expect(await sase1.selectTrains(byIndex({ start: 2 })).isConstant()).toBe(true);
    const mask = await sase1.pulseMask();
    expect(mask.dims).toEqual(['trainId', 'pulseId']);
    expect([...mask.data.slice(2 * PLACES + 1000, 2 * PLACES + 1013)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const sase2 = await openPulsePattern(run, { sase: 2 }).pulseIds();
    expect(sase2.counts).toEqual([63, 63, 63, 63]);
    const sase3 = openPulsePattern(run, { sase: 3 });
    expect([...(await sase3.pulseIds()).data]).toEqual([200, 200, 200, 200]);
    expect((await sase3.repetitionRates()).data[0]).toBeNaN();
    expect((await openPulsePattern(run, { laser: 'LP_SPB' }).pulseIds()).counts).toEqual([50, 50, 50, 50]);
    expect((await openPulsePattern(run, { machine: true }).pulseIds()).counts[0]).toBe(50 + 63 + 1 + 1);
  });

  it('also as a property, and with trains that have no pulses or no data', async () => {
    const trains = [words(0), new Map<number, number>(), words(0)];
    const control = await open(3, {
      control: [controlSource(SERVER, 'TimeServer', { bunchPatternTable: table(trains) })],
    });
    const pattern = openPulsePattern(control, { sase: 1 });
    expect((await pattern.pulseIds()).counts).toEqual([50, 0, 50]);
    expect([await pattern.isConstant(), await pattern.isConstant({ includeEmptyTrains: true })]).toEqual([true, false]);
    const gap = await open(3, {
      pipelines: [
        pipelineGroup(`${SERVER}:outputBunchPattern`, 'data', [1, 0, 1], {
          bunchPatternTable: table([words(0), words(0)]),
        }),
      ],
    });
    expect((await openPulsePattern(gap).pulseIds()).trainIds).toEqual([FIRST_TRAIN, FIRST_TRAIN + 2]);
  });
});

describe('PulsePattern of a decoder', () => {
  const list = (rows: readonly (readonly number[])[]) =>
    ndarray('int32', [rows.length, 5], Int32Array.from(rows.flatMap((row) => [...row, 0, 0, 0, 0, 0].slice(0, 5))));

  function openDecoder(counts: readonly number[]) {
    return open(2, {
      control: [
        controlSource(DECODER, 'PulsePatternDecoder', {
          'sase1/nPulses': counts,
          'sase1/pulseIds': list([
            [100, 108, 116],
            [100, 108, 116],
          ]),
          'sase2/nPulses': [0, 0],
          'sase2/pulseIds': list([[], []]),
          'sase3/nPulses': [1, 0],
          'sase3/pulseIds': list([[60], []]),
          'maindump/nPulses': [1, 1],
          'maindump/pulseIds': list([[2000], [2000]]),
          'laser/nPulses': [2, 2],
          'laser/pulseIds': list([
            [0, 8],
            [0, 8],
          ]),
          laserSource: ndarray('string', [2], ['LP_SPB', 'LP_SPB']),
        }),
      ],
    });
  }

  it('lists the pulses that it decoded', async () => {
    const run = await openDecoder([3, 2]);
    const pattern = openPulsePattern(run);
    expect(pattern.source).toBe(DECODER);
    expect([...(await pattern.pulseIds()).data]).toEqual([100, 108, 116, 100, 108]);
    expect([...(await pattern.repetitionRates()).data]).toEqual([BUNCH_RATE / 8, BUNCH_RATE / 8]);
    const machine = await openPulsePattern(run, { machine: true }).pulseIds();
    expect([...machine.ofTrain(FIRST_TRAIN)]).toEqual([60, 100, 108, 116, 2000]);
    expect([...(await openPulsePattern(run, { laser: 'LP_SPB' }).pulseIds()).data]).toEqual([0, 8, 0, 8]);
    expect(() => openPulsePattern(run, { laser: 'LP_FXE' })).toThrow(/decodes LP_SPB, not LP_FXE/);
  });

  it('refuses counts beyond the list', async () => {
    const run = await openDecoder([6, 2]);
    await expect(openPulsePattern(run).pulseIds()).rejects.toMatchObject({ tag: 'FormatInvalid' });
  });

  it('is found by its class under another name', async () => {
    const run = await open(1, {
      control: [
        controlSource('SPB_X/Y/Z', 'PulsePatternDecoder', { 'sase1/nPulses': [1], 'sase1/pulseIds': list([[9]]) }),
      ],
    });
    expect([...(await openPulsePattern(run).pulseIds()).data]).toEqual([9]);
  });

  it('is taken where the time server recorded nothing', async () => {
    const pulseIds = list([[7]]);
    const run = await open(1, {
      control: [controlSource(DECODER, 'PulsePatternDecoder', { 'sase1/nPulses': [1], 'sase1/pulseIds': pulseIds })],
      pipelines: [pipelineGroup(`${SERVER}:outputBunchPattern`, 'data', [0], { bunchPatternTable: table([]) })],
    });
    expect([...(await openPulsePattern(run).pulseIds()).data]).toEqual([7]);
  });
});

describe('openPulsePattern', () => {
  it('says what it needs', async () => {
    const motor = controlSource('SPB_MOT/MOTOR/X', 'Motor', { actualPosition: [1] });
    const none = await open(1, { control: [motor] });
    expect(() => openPulsePattern(none)).toThrow(/no time server/);
    expect(() => openPulsePattern(none, { source: motor.name })).toThrow(/neither a bunch pattern table nor/);
    const unclear = await openServer('XMP_RR_SYS/TSYS/TIMESERVER:outputBunchPattern');
    expect(() => openPulsePattern(unclear)).toThrow(/Give sase: 1, 2 or 3/);
    expect(openPulsePattern(unclear, { sase: 2 }).kind).toEqual({ sase: 2 });
    const two = await open(1, {
      pipelines: ['SPB_RR_SYS', 'FXE_RR_SYS'].map((place) =>
        pipelineGroup(`${place}/TSYS/TIMESERVER:outputBunchPattern`, 'data', [1], {
          bunchPatternTable: table([words(0)]),
        }),
      ),
    });
    expect(() => openPulsePattern(two)).toThrow(/several pulse patterns/);
    expect(openPulsePattern(two, { source: 'FXE_RR_SYS/TSYS/TIMESERVER:outputBunchPattern' }).kind).toEqual({
      sase: 1,
    });
  });
});

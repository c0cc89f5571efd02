import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { ControlSource, DaqFile, PhysicalUnit, PipelineGroup } from './daq-file.ts';
import { EXAMPLE, type ExamplePlan, type PlannedRun } from './example-plan.ts';
import { RandomStream } from './random.ts';
import { EXPERIMENT } from './scattering.ts';

/** Entries of the XGM's pulse array; those without a pulse hold 1. */
const XGM_LENGTH = 1000;
const CAMERA_SHAPE = [128, 160] as const;
const MIN_ADC_SAMPLES = 4000;
const ADC_PERIOD = 48;
const ADC_START = 200;
/** Steps of the scanned motor, mm. */
const SCAN_STEP = 0.05;

const MICROJOULE: PhysicalUnit = { prefixName: 'micro', prefixSymbol: 'u', name: 'joule', symbol: 'J' };
const MILLIMETRE: PhysicalUnit = { prefixName: 'milli', prefixSymbol: 'm', name: 'meter', symbol: 'm' };
const NANOMETRE: PhysicalUnit = { prefixName: 'nano', prefixSymbol: 'n', name: 'meter', symbol: 'm' };
const VOLT: PhysicalUnit = { prefixName: '', prefixSymbol: '', name: 'volt', symbol: 'V' };
const MEGAHERTZ: PhysicalUnit = { prefixName: 'mega', prefixSymbol: 'M', name: 'hertz', symbol: 'Hz' };

/** Energy of every pulse of a run, microjoule: (train, pulse), train by train; 0 in the dark. */
export function drawPulseEnergies(plan: ExamplePlan, run: PlannedRun): Float32Array {
  const energies = new Float32Array(run.trains.length * plan.pulses);
  if (run.kind === 'dark') return energies;
  const random = new RandomStream(plan.seed, 0x9e37, run.run);
  for (let train = 0; train < run.trains.length; train++) {
    const drift = 1 + 0.1 * Math.sin(train / 7) + 0.04 * random.normal();
    for (let pulse = 0; pulse < plan.pulses; pulse++) {
      const jitter = 1 + 0.12 * random.normal();
      energies[train * plan.pulses + pulse] = EXPERIMENT.pulseEnergyUj * Math.max(0.15, drift * jitter);
    }
  }
  return energies;
}

/** The beamline's file of one sequence: XGM, motors, camera, digitizer, and the detector's control. */
export function beamlineFile(plan: ExamplePlan, run: PlannedRun, sequence: number, energies: Float32Array): DaqFile {
  const { start, stop } = run.sequences[sequence];
  const trains = run.trains.slice(start, stop);
  const random = new RandomStream(plan.seed, 0xda01, run.run, sequence);
  const own = energies.subarray(start * plan.pulses, stop * plan.pulses);
  return {
    proposal: EXAMPLE.proposal,
    run: run.run,
    sequence,
    runType: run.kind === 'dark' ? 'Calibration - Dark' : 'Sample Data Run',
    sample: run.sample,
    trainIds: trains.map((train) => train.trainId),
    timestamps: trains.map((train) => train.timestamp),
    control: [
      xgmControl(trains.length, plan.pulses, own, random),
      ...motors(
        trains.map((train) => train.step),
        random,
      ),
      ...detectorControl(plan, run, trains.length),
    ],
    pipelines: [
      xgmPulses(trains.length, plan.pulses, own),
      camera(trains.length, plan.pulses, start, own, random),
      digitizer(trains.length, plan.pulses, own, random),
    ],
  };
}

function float32(count: number, value: (train: number) => number): NdArray {
  return ndarray(
    'float32',
    [count],
    Float32Array.from({ length: count }, (_, train) => value(train)),
  );
}

function float64(count: number, value: (train: number) => number): NdArray {
  return ndarray(
    'float64',
    [count],
    Float64Array.from({ length: count }, (_, train) => value(train)),
  );
}

function uint16(count: number, value: number): NdArray {
  return ndarray('uint16', [count], new Uint16Array(count).fill(value));
}

function text(count: number, value: string): NdArray {
  return ndarray('string', [count], new Array<string>(count).fill(value));
}

function meanEnergy(energies: Float32Array, pulses: number, train: number): number {
  let sum = 0;
  for (let pulse = 0; pulse < pulses; pulse++) sum += energies[train * pulses + pulse];
  return sum / pulses;
}

function xgmControl(trains: number, pulses: number, energies: Float32Array, random: RandomStream): ControlSource {
  return {
    name: `${EXAMPLE.instrument}_XTD2_XGM/XGM/DOOCS`,
    classId: 'DoocsXGM',
    keys: [
      {
        path: 'pulseEnergy/photonFlux',
        values: float32(trains, (train) => meanEnergy(energies, pulses, train)),
        unit: MICROJOULE,
      },
      {
        path: 'pulseEnergy/wavelengthUsed',
        values: float32(trains, () => 1.239841984332 / EXPERIMENT.photonEnergyKeV),
        unit: NANOMETRE,
      },
      { path: 'beamPosition/ixPos', values: float32(trains, () => 0.12 + 0.03 * random.normal()), unit: MILLIMETRE },
      { path: 'beamPosition/iyPos', values: float32(trains, () => -0.31 + 0.03 * random.normal()), unit: MILLIMETRE },
      { path: 'state', values: text(trains, 'ON') },
    ],
  };
}

function xgmPulses(trains: number, pulses: number, energies: Float32Array): PipelineGroup {
  const values = new Float32Array(trains * XGM_LENGTH).fill(1);
  for (let train = 0; train < trains; train++) {
    for (let pulse = 0; pulse < pulses; pulse++) {
      values[train * XGM_LENGTH + pulse] = energies[train * pulses + pulse];
    }
  }
  return {
    source: `${EXAMPLE.instrument}_XTD2_XGM/XGM/DOOCS:output`,
    group: 'data',
    counts: new Array(trains).fill(1),
    keys: [{ path: 'intensityTD', values: ndarray('float32', [trains, XGM_LENGTH], values), unit: MICROJOULE }],
  };
}

function motors(steps: readonly number[], random: RandomStream): ControlSource[] {
  const trains = steps.length;
  const motor = (name: string, target: (train: number) => number, jitter: number): ControlSource => ({
    name: `${EXAMPLE.instrument}_EXP_MOT/MOTOR/${name}`,
    classId: 'BeckhoffSimpleMotor',
    keys: [
      {
        path: 'actualPosition',
        values: float64(trains, (train) => target(train) + jitter * random.normal()),
        unit: MILLIMETRE,
      },
      { path: 'targetPosition', values: float64(trains, target), unit: MILLIMETRE },
      { path: 'actualVelocity', values: float32(trains, () => 0) },
      { path: 'state', values: text(trains, 'ON') },
    ],
  });
  return [
    motor('SAMPLE_X', (train) => 1.2 + SCAN_STEP * steps[train], 2e-4),
    motor('SAMPLE_Y', () => -0.75, 2e-4),
    motor('DETECTOR_Z', () => 1000 * EXPERIMENT.distance, 1e-3),
  ];
}

/** The detector's settings: the conditions under which its constants are valid. */
function detectorControl(plan: ExamplePlan, run: PlannedRun, trains: number): ControlSource[] {
  return [
    {
      name: `${EXAMPLE.detectorControl}/MDL/FPGA_COMP`,
      classId: 'AgipdFpgaComposite',
      keys: [
        { path: 'bunchStructure/nPulses', values: uint16(trains, plan.pulses) },
        { path: 'bunchStructure/repetitionRate', values: float64(trains, () => 1.1), unit: MEGAHERTZ },
        { path: 'gain', values: uint16(trains, 0) },
        // 0 = adaptive; 1, 2, 3 = forced to high, medium, low
        { path: 'gainModeIndex', values: uint16(trains, run.fixedStage === null ? 0 : run.fixedStage + 1) },
        { path: 'integrationTime', values: uint16(trains, 12) },
      ],
    },
    {
      name: `${EXAMPLE.highVoltage}/PSC/HV`,
      classId: 'MpodCrate',
      keys: [{ path: 'channels/U0/voltage', values: float32(trains, () => 300), unit: VOLT }],
    },
  ];
}

/** A camera that looks at the beam on a screen: a spot that moves and breathes. */
function camera(
  trains: number,
  pulses: number,
  firstTrain: number,
  energies: Float32Array,
  random: RandomStream,
): PipelineGroup {
  const [rows, columns] = CAMERA_SHAPE;
  const pixels = new Uint16Array(trains * rows * columns);
  for (let train = 0; train < trains; train++) {
    const x = columns * (0.5 + 0.16 * Math.sin((train + firstTrain) / 5)) + 1.5 * random.normal();
    const y = rows * (0.5 + 0.1 * Math.cos((train + firstTrain) / 8)) + 1.5 * random.normal();
    const height = (2400 * meanEnergy(energies, pulses, train)) / EXPERIMENT.pulseEnergyUj;
    const width = 11 + 0.5 * random.normal();
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const light = height * Math.exp(-((column - x) ** 2 + 1.6 * (row - y) ** 2) / (2 * width * width));
        const value = 64 + light + Math.sqrt(16 + 0.5 * light) * random.normal();
        pixels[(train * rows + row) * columns + column] = Math.min(4095, Math.max(0, Math.round(value)));
      }
    }
  }
  return {
    source: `${EXAMPLE.instrument}_EXP_CAM/CAM/BEAMVIEW:daqOutput`,
    group: 'data',
    counts: new Array(trains).fill(1),
    keys: [
      {
        path: 'image/pixels',
        values: ndarray('uint16', [trains, rows, columns], pixels),
        chunks: [Math.max(1, Math.min(trains, 16)), rows, columns],
      },
    ],
  };
}

/** A fast diode on a digitizer: one negative pulse for each X-ray pulse, and its integral. */
function digitizer(trains: number, pulses: number, energies: Float32Array, random: RandomStream): PipelineGroup {
  const length = Math.max(MIN_ADC_SAMPLES, 2 * ADC_START + pulses * ADC_PERIOD);
  const samples = new Uint16Array(trains * length);
  const integrals = new Float32Array(trains * pulses);
  for (let train = 0; train < trains; train++) {
    const trace = samples.subarray(train * length, (train + 1) * length);
    for (let i = 0; i < length; i++) {
      let value = 32_000 + 6 * random.normal();
      const since = i - ADC_START;
      const last = Math.min(pulses - 1, Math.floor(since / ADC_PERIOD));
      for (let pulse = Math.max(0, last - 1); since >= 0 && pulse <= last; pulse++) {
        const age = since - pulse * ADC_PERIOD;
        value -= 9 * energies[train * pulses + pulse] * (age / 4) * Math.exp(1 - age / 4);
      }
      trace[i] = Math.min(65_535, Math.max(0, Math.round(value)));
    }
    for (let pulse = 0; pulse < pulses; pulse++) {
      let sum = 0;
      for (let i = 0; i < ADC_PERIOD; i++) {
        const at = ADC_START + pulse * ADC_PERIOD + i;
        if (at < length) sum += 32_000 - trace[at];
      }
      integrals[train * pulses + pulse] = sum;
    }
  }
  return {
    source: `${EXAMPLE.instrument}_EXP_ADC/ADC/1:network`,
    group: 'digitizers',
    counts: new Array(trains).fill(1),
    keys: [
      { path: 'channel_1_A/raw/samples', values: ndarray('uint16', [trains, length], samples) },
      { path: 'channel_1_A/apd/pulseIntegral', values: ndarray('float32', [trains, pulses], integrals) },
    ],
  };
}

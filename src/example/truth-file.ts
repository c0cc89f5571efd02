import { ndarray } from '../core/ndarray.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import { AGIPD_RESPONSE, type AgipdModuleTruth, ASICS, FAULTS, STAGES } from './agipd-response.ts';
import { type ExamplePlan, type PlannedRun, pulseIdOf } from './example-plan.ts';
import { LAB6, LI4TI5O12 } from './powder.ts';
import { EXPERIMENT } from './scattering.ts';

/** Parameters of SlopesPC that the correction reads: slope and intercept of high gain are 0 and 1, of medium gain 3 and 4. */
const SLOPE_PARAMETERS = 5;
const PC_HIGH_SLOPE = 64.5;

/**
 * Begins the file with the true photons of a run: `/photons` uint16 (frame, module, ss, fs), frames train by train; all 0
 * where a module has no data.
 */
export function beginPhotonTruth(
  writer: Hdf5Writer,
  plan: ExamplePlan,
  run: PlannedRun,
  energies: Float32Array,
  slowScan: number,
  fastScan: number,
): void {
  const { pulses, modules } = plan;
  const frames = run.trains.length * pulses;
  const perFrame = Array.from({ length: frames }, (_, frame) => frame);
  writer.create('/photons', {
    dtype: 'uint16',
    shape: [frames, modules.length, slowScan, fastScan],
    chunks: [1, 1, slowScan, fastScan],
    isGrowing: true,
    deflate: 1,
  });
  writer.attributes('/photons', { description: 'photons in each pixel; axes frame, module, slow_scan, fast_scan' });
  const trainIds = BigUint64Array.from(perFrame, (frame) => BigInt(run.trains[Math.floor(frame / pulses)].trainId));
  writer.write('/trainId', ndarray('uint64', [frames], trainIds));
  const pulseIds = BigUint64Array.from(perFrame, (frame) => BigInt(pulseIdOf(frame % pulses)));
  writer.write('/pulseId', ndarray('uint64', [frames], pulseIds));
  const cells = Uint16Array.from(perFrame, (frame) => frame % pulses);
  writer.write('/cellId', ndarray('uint16', [frames], cells));
  writer.write('/modules', ndarray('uint16', [modules.length], Uint16Array.from(modules)));
  writer.write('/pulseEnergy', ndarray('float32', [frames], energies));
  writer.attributes('/pulseEnergy', { unitSymbol: 'uJ' });
  writeExperiment(writer);
}

/** Adds the photons of one module in one frame. @param moduleIndex position in `plan.modules` */
export function writeFramePhotons(
  writer: Hdf5Writer,
  frame: number,
  moduleIndex: number,
  slowScan: number,
  fastScan: number,
  photons: Uint16Array,
): void {
  writer.writeBlock('/photons', [frame, moduleIndex, 0, 0], ndarray('uint16', [1, 1, slowScan, fastScan], photons));
}

/** Begins the file with the true detector: geometry and response. The modules follow by {@link writeModuleTruth}. */
export function beginDetectorTruth(writer: Hdf5Writer, plan: ExamplePlan): void {
  const { detector, tiles } = plan.geometry;
  const shape = [detector.dataShape[0], detector.tiles.length, 3, 3];
  writer.write('/geometry/tiles', ndarray('float64', shape, tiles));
  writer.attributes('/geometry/tiles', {
    unitSymbol: 'm',
    description: 'axes module, tile, (first corner; one pixel along ss; one pixel along fs), (x, y, z)',
  });
  const { aduPerKeV, noise, gainLevel, switching, gainLevelNoise } = AGIPD_RESPONSE;
  const list = (values: readonly number[]) => ndarray('float64', [values.length], Float64Array.from(values));
  writer.write('/response/aduPerKeV', list(aduPerKeV));
  writer.write('/response/noise', list(noise));
  writer.write('/response/gainLevel', list(gainLevel));
  writer.write('/response/switching', list(switching));
  writer.attributes('/response', { gainLevelNoise, stages: 'high, medium, low gain' });
  writeExperiment(writer);
}

/** Adds the true constants of one module, below `/AGIPDnn`. */
export function writeModuleTruth(writer: Hdf5Writer, module: number, truth: AgipdModuleTruth): void {
  const { cells, slowScan, fastScan } = truth;
  const at = `/${unitOf(module)}`;
  const plane = [slowScan, fastScan];
  const small = { chunks: plane, deflate: 1 };
  writer.write(`${at}/pixelOffset`, ndarray('float32', [STAGES, ...plane], truth.pixelOffset), {
    chunks: [1, ...plane],
    deflate: 1,
  });
  writer.write(`${at}/cellOffset`, ndarray('float32', [STAGES, cells, ASICS], truth.cellOffset));
  writer.attributes(at, {
    offset: 'offset[stage, cell, ss, fs] = pixelOffset[stage, ss, fs] + cellOffset[stage, cell, floor(ss / 64)], ADU',
  });
  writer.write(`${at}/aduPerKeV`, ndarray('float32', plane, truth.aduPerKeV), small);
  writer.write(`${at}/noise`, ndarray('float32', plane, truth.noise), small);
  writer.write(`${at}/faults`, ndarray('uint8', plane, truth.faults), small);
  const { dead, hot, noisy } = FAULTS;
  writer.attributes(`${at}/faults`, { description: `0 good, ${dead} dead, ${hot} hot, ${noisy} noisy` });
}

/** Adds the gain constants of one module as users get them: SlopesFF and SlopesPC below `/AGIPDnn`. */
export function writeGainConstants(writer: Hdf5Writer, module: number, truth: AgipdModuleTruth): void {
  const { cells, slowScan, fastScan } = truth;
  const { aduPerKeV } = AGIPD_RESPONSE;
  const parameters = [PC_HIGH_SLOPE, 0, 0, (PC_HIGH_SLOPE * aduPerKeV[1]) / aduPerKeV[0], 0];
  const flat = new Float32Array(fastScan * slowScan * cells);
  const slopes = new Float32Array(flat.length * SLOPE_PARAMETERS);
  for (let fs = 0, at = 0; fs < fastScan; fs++) {
    for (let ss = 0; ss < slowScan; ss++) {
      const gain = truth.aduPerKeV[ss * fastScan + fs];
      for (let cell = 0; cell < cells; cell++) flat[at++] = gain;
    }
  }
  for (let i = 0; i < slopes.length; i++) slopes[i] = parameters[i % SLOPE_PARAMETERS];
  const shape = [fastScan, slowScan, cells];
  const axes = ['fast_scan', 'slow_scan', 'cell'];
  const at = `/${unitOf(module)}`;
  writer.write(`${at}/SlopesFF/0/data`, ndarray('float32', shape, flat), {
    chunks: [16, slowScan, cells],
    deflate: 1,
  });
  writer.attributes(`${at}/SlopesFF/0/data`, { dims: ndarray('string', [3], axes), unitSymbol: 'ADU/keV' });
  writer.write(`${at}/SlopesPC/0/data`, ndarray('float32', [...shape, SLOPE_PARAMETERS], slopes), {
    chunks: [4, slowScan, cells, SLOPE_PARAMETERS],
    deflate: 1,
  });
  writer.attributes(`${at}/SlopesPC/0/data`, { dims: ndarray('string', [4], [...axes, 'slope_param']) });
}

function writeExperiment(writer: Hdf5Writer): void {
  const { photonEnergyKeV, distance, pulseEnergyUj } = EXPERIMENT;
  writer.group('/experiment');
  writer.attributes('/experiment', {
    photonEnergyKeV,
    distance,
    // The beam hits where the geometry has its origin.
    beamX: 0,
    beamY: 0,
    meanPulseEnergyUj: pulseEnergyUj,
    powders: [LAB6, LI4TI5O12].map(({ name, a }) => `${name} a=${a}`).join(', '),
  });
}

/** Name of a module's constants. */
function unitOf(module: number): string {
  return `AGIPD${String(module).padStart(2, '0')}`;
}

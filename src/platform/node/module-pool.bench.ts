import { readFileSync } from 'node:fs';
import type { BenchReport } from '../../../tools/measure.ts';
import { ndarray } from '../../core/ndarray.ts';
import type { Train } from '../../core/train.ts';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { integrateFrame } from '../../detector/integration/integrate.ts';
import { buildIntegrationTable } from '../../detector/integration/integration-table.ts';
import type { SplitMethod } from '../../detector/integration/split-method.ts';
import { snapGeometry } from '../../detector/snapped-geometry.ts';
import { KernelArena, placeOf } from '../../kernels/arena.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import type { LiveSettings } from '../../live/engine.ts';
import { createLiveDetector } from '../../live/live-detector.ts';
import { LivePipeline } from '../../live/pipeline.ts';
import { SlotPool } from '../../live/slot-pool.ts';
import { createModulePool } from './module-pool.ts';

const PULSES = 64;
const MODULES = 16;
const PIXELS = 512 * 128;
const THREADS = 2;
const POINTS = 1000;
const TRAINS = 12;
/** Two cores at 10 Hz. */
const BUDGET_MS = 200;

/** The live pipeline with trains of 64 pulses of AGIPD1M: CPU time of all threads a train, with and without I(q) of every pulse. */
export async function bench(report: BenchReport): Promise<void> {
  const geometry = exampleGeometry(AGIPD_1M);
  const arena = KernelArena.create(2 ** 30);
  const wasm = new WebAssembly.Module(readFileSync(new URL('../../../build/kernels.wasm', import.meta.url)));
  const kernels = await createWasmKernels(wasm, arena, arena.allocate('float64', [2]).data);
  const limits = arena.allocate('uint16', [PULSES, 4, PIXELS]);
  const factors = arena.allocate('float32', [PULSES, 6, PIXELS]);
  for (let i = 0; i < limits.data.length; i++) limits.data[i] = [8000, 9000, 0, 0][Math.floor(i / PIXELS) % 4];
  for (let i = 0; i < factors.data.length; i++) {
    const plane = Math.floor(i / PIXELS) % 6;
    factors.data[i] = i % 997 === 5 ? Number.NaN : plane % 2 === 0 ? 4000 + (i % 50) : 0.007 * (1 + plane);
  }
  const constants = { cells: PULSES, pixels: PIXELS, limits: placeOf(limits), factors: placeOf(factors) };
  const pool = createModulePool(wasm, arena, THREADS, PIXELS);
  const floats = arena.allocate('float32', [PULSES, MODULES, 512, 128]);
  const raw = arena.allocate('uint16', [PULSES, 2, MODULES, 512, 128]);
  for (let i = 0; i < floats.data.length; i++) floats.data[i] = i % 1009 === 7 ? Number.NaN : ((i * 7919) % 4001) / 40;
  for (let i = 0; i < raw.data.length; i++) raw.data[i] = 4000 + ((i * 7919) % 4001);
  const pipeline = new LivePipeline({
    arena,
    kernels,
    pool,
    slots: new SlotPool(arena.allocate('uint8', [64]).data),
    detector: createLiveDetector(geometry),
    constants: new Array(MODULES).fill(constants),
  });
  const [centreY, centreX] = snapGeometry(geometry).centre;
  const settings = (method: SplitMethod, isPerPulse: boolean): LiveSettings => ({
    sources: [],
    integration: {
      centreX,
      centreY,
      distance: 0.2,
      photonEnergyKeV: 9.3,
      points: POINTS,
      qMin: 0.1,
      qMax: 3.2,
      method,
      isPerPulse,
    },
    roi: { isOn: true, x: 500, y: 500, width: 200, height: 200 },
    movingAverage: 1,
    isCorrected: true,
  });
  const trainOf = (data: typeof floats | typeof raw): Train => ({
    trainId: 1,
    sources: new Map([['D/DET/APPEND', { data: new Map([['image.data', data]]), metadata: new Map() }]]),
    receivedAt: 0,
  });

  try {
    for (const [kind, data] of [
      ['float32', floats],
      ['raw with constants', raw],
    ] as const) {
      const time = async (using: LiveSettings) => {
        let [cpu, wall] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
        for (let i = 0; i < TRAINS; i++) {
          const before = process.cpuUsage();
          const start = performance.now();
          await pipeline.process(trainOf(data), using, 1);
          const { user, system } = process.cpuUsage(before);
          // the first make the table and warm up
          if (i < 3) continue;
          cpu = Math.min(cpu, (user + system) / 1000);
          wall = Math.min(wall, performance.now() - start);
        }
        return { cpu, wall };
      };
      const name = `live pipeline, ${PULSES} x 1 Mpixel ${kind}`;
      const mean = await time(settings('no', false));
      report({
        name: `${name}: mean only`,
        value: mean.cpu,
        unit: 'ms CPU',
        note: `best; wall ${mean.wall.toFixed(0)} ms`,
      });
      for (const method of ['no', 'bbox', 'full'] as const) {
        await check(method, data);
        const { cpu, wall } = await time(settings(method, true));
        report({
          name: `${name}: I(q) of every pulse, ${method}`,
          value: cpu,
          unit: 'ms CPU',
          limit: `<= ${BUDGET_MS}`,
          note: `best; wall ${wall.toFixed(0)} ms on ${THREADS} threads`,
        });
      }
    }
  } finally {
    await pool.close();
  }

  /** Pulses against the plain correction and integration. */
  async function check(method: SplitMethod, data: typeof floats | typeof raw): Promise<void> {
    const { result } = await pipeline.process(trainOf(data), settings(method, true), 1);
    const experiment = { distance: 0.2, photonEnergyKeV: 9.3 };
    const table = buildIntegrationTable(geometry, experiment, { points: POINTS, radialRange: [0.1, 3.2], method });
    for (const frame of [0, 37, PULSES - 1]) {
      const plain = integrateFrame(data === raw ? correctedFrame(frame) : floatFrame(frame), table).intensity;
      const got = ndarray('float32', [PULSES, POINTS], result.pulseIntensity?.data ?? new Float32Array(0)).data;
      for (const [bin, value] of plain.entries()) {
        const other = got[frame * POINTS + bin];
        if (!(Number.isNaN(value) ? Number.isNaN(other) : Math.abs(other - value) <= 2e-6 * Math.abs(value)))
          throw new Error(`${method}, pulse ${frame}, bin ${bin}: ${other}, the plain integration has ${value}`);
      }
    }
  }

  function floatFrame(frame: number): Float32Array {
    return floats.data.subarray(frame * MODULES * PIXELS, (frame + 1) * MODULES * PIXELS);
  }

  function correctedFrame(frame: number): Float32Array {
    const stack = new Float32Array(MODULES * PIXELS);
    const packed = { cells: PULSES, pixels: PIXELS, limits: limits.data, factors: factors.data };
    for (let module = 0; module < MODULES; module++) {
      const base = (2 * frame * MODULES + module) * PIXELS;
      const out = stack.subarray(module * PIXELS, (module + 1) * PIXELS);
      const layout = { base, frameStride: 0, frames: 1 };
      const cell = Uint16Array.of(frame);
      referenceKernels.correct(raw.data, layout, base + MODULES * PIXELS, cell, packed, 1e6, out, null);
    }
    return stack;
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ringPattern } from '../../../test/golden/geometry/ring-pattern.ts';
import { type BenchReport, timeCalls } from '../../../tools/measure.ts';
import { KernelArena } from '../../kernels/arena.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import { AGIPD_1M } from '../agipd.ts';
import { exampleGeometry, type Geometry } from '../geometry.ts';
import { FrameIntegrator } from './frame-integrator.ts';
import { integrateFrame } from './integrate.ts';
import { buildIntegrationTable, buildPlainTable, type IntegrationTable } from './integration-table.ts';
import type { SplitMethod } from './split-method.ts';

const PYTHON = '/usr/bin/python3';
const ENERGY = 9.3;
const DISTANCE = 0.2;
const ROUNDS = 15;
/** Processes that each make their first table. */
const STARTS = 5;

interface BenchCase {
  readonly method: SplitMethod;
  readonly points: number;
  readonly azimuthPoints?: number;
  readonly limit: string;
  readonly ratio: string;
}

const CASES: readonly BenchCase[] = [
  { method: 'no', points: 1000, limit: '<= 2', ratio: '>= 4' },
  { method: 'bbox', points: 1000, limit: '<= 5', ratio: '>= 2' },
  { method: 'pseudo', points: 1000, limit: '<= 5', ratio: '>= 2' },
  { method: 'full', points: 1000, limit: '<= 5', ratio: '>= 2' },
  { method: 'bbox', points: 500, azimuthPoints: 360, limit: '<= 8', ratio: '>= 2' },
  { method: 'full', points: 500, azimuthPoints: 360, limit: '<= 8', ratio: '>= 2' },
];

/** Makes one table in a new process and prints what it took: time, and CPU of all its threads, ms. */
const FIRST_TABLE = `
const [folder, options, setUp] = process.argv.slice(1);
const { AGIPD_1M } = await import(folder + '../agipd.ts');
const { exampleGeometry } = await import(folder + '../geometry.ts');
const { buildIntegrationTable } = await import(folder + 'integration-table.ts');
const geometry = exampleGeometry(AGIPD_1M);
const cpu = process.cpuUsage();
const start = performance.now();
buildIntegrationTable(geometry, JSON.parse(setUp), JSON.parse(options));
const time = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify([time, (user + system) / 1000]));
`;

/** pyFAI's own fast way (CSR, one thread) on the same corners and frame; prints seconds of each call, leaves the intensities. */
const PEER = `
import sys, json, time, numpy, pyFAI.detectors
from pyFAI.azimuthalIntegrator import AzimuthalIntegrator
folder = sys.argv[1]
data = numpy.fromfile(folder + '/frame', 'f4').reshape(-1, 128)
corners = numpy.fromfile(folder + '/corners', 'f4').reshape(data.shape + (4, 3))
detector = pyFAI.detectors.Detector(2e-4, 2e-4, max_shape=data.shape)
detector.IS_CONTIGUOUS = False
detector.set_pixel_corners(corners)
times = []
for i, case in enumerate(json.load(open(folder + '/cases'))):
    ai = AzimuthalIntegrator(case['distance'], 0, 0, detector=detector, wavelength=12.398419843320026e-10 / case['energy'])
    method = (case['method'], 'csr', 'cython')
    if 'azimuthPoints' in case:
        run = lambda: ai.integrate2d(data, case['points'], case['azimuthPoints'], unit='q_A^-1', method=method)
    else:
        run = lambda: ai.integrate1d(data, case['points'], unit='q_A^-1', method=method)
    start = time.perf_counter(); run(); first = time.perf_counter() - start
    rounds = []
    for _ in range(case['rounds']):
        start = time.perf_counter(); cpu = time.process_time(); result = run()
        rounds.append((time.perf_counter() - start, time.process_time() - cpu))
    numpy.concatenate([result.intensity.ravel(), result.count.ravel()]).astype('f8').tofile(folder + '/result%d' % i)
    times.append([first, min(r[0] for r in rounds), min(r[1] for r in rounds)])
print(json.dumps(times))
`;

/** Azimuthal integration of one megapixel on one thread, and setting its tables up, beside pyFAI where it is installed. */
export async function bench(report: BenchReport): Promise<void> {
  const geometry = exampleGeometry(AGIPD_1M);
  const peaks = [
    [4, 900],
    [8.5, 1200],
    [14, 700],
    [22.5, 500],
  ] as [number, number][];
  const rings = { peaks_q_nm_amplitude: peaks, sigma_q_nm: 0.25, anisotropy: 0.3 };
  const frame = ringPattern(geometry, { dist_m: DISTANCE, photon_energy_kev: ENERGY, rings });
  const peers = runPeer(geometry, frame);
  const wasm = new WebAssembly.Module(readFileSync(new URL('../../../build/kernels.wasm', import.meta.url)));
  for (const [index, { method, points, azimuthPoints, limit, ratio }] of CASES.entries()) {
    // pyFAI has no CSR table for "pseudo", and shrinks its boxes in another way.
    const peer = method === 'pseudo' ? null : peers;
    const options = { points, azimuthPoints, method };
    const setUp = { distance: DISTANCE, photonEnergyKeV: ENERGY };
    const build = () => buildIntegrationTable(geometry, setUp, options);
    const table = build();
    checkSame(table, buildPlainTable(geometry, setUp, options));
    const arena = KernelArena.create(2 ** 27);
    const kernels = await createWasmKernels(wasm, arena, arena.allocate('float64', [2]).data);
    const integrator = new FrameIntegrator(table, kernels, arena);
    integrator.frame.set(frame);
    const pattern = integrateFrame(frame, table);
    checkNear('the plain kernel', integrator.integrate(frame).intensity, pattern.intensity, pattern.count, 1e-6);
    if (peer) checkNear('pyFAI', pattern.intensity, peer[index].intensity, peer[index].count, 2e-3);
    const name = `${method}, ${azimuthPoints ? `${points} x ${azimuthPoints}` : `${points} bins`}, 1 Mpixel`;
    const { best, median } = timeCalls(() => integrator.sumFrame());
    report({
      name,
      value: best,
      unit: 'ms',
      limit,
      note: `best; median ${median.toFixed(2)}; ${table.pixels.length} entries`,
    });
    const tables = timeCalls(build, 3000);
    const cpu = leastCpu(build);
    const plain = timeCalls(() => buildPlainTable(geometry, setUp, options), 1500).best;
    report({
      name: `${name}: table`,
      value: tables.best,
      unit: 'ms',
      limit: '<= 200',
      note: `best; median ${tables.median.toFixed(0)}; CPU ${cpu.toFixed(0)}; plain TypeScript ${plain.toFixed(0)}`,
    });
    const first = firstTables(options, setUp);
    report({
      name: `${name}: first table of a process`,
      value: first.best,
      unit: 'ms',
      limit: '<= 200',
      note: `best of ${STARTS}; median ${first.median.toFixed(0)}; CPU of all threads ${first.cpu.toFixed(0)} ms`,
    });
    if (!peer) continue;
    const { wallMs, cpuMs, firstMs } = peer[index];
    const note = `${method} CSR ${wallMs.toFixed(1)} ms, CPU ${cpuMs.toFixed(1)} ms; table ${firstMs.toFixed(0)} ms`;
    report({ name: `${name}: pyFAI / Hutch`, value: Math.min(wallMs, cpuMs) / best, unit: 'x', limit: ratio, note });
  }
}

/** @throws Error if the kernels' table is not the plain one, to the last bit */
function checkSame(got: IntegrationTable, expected: IntegrationTable): void {
  for (const name of ['starts', 'pixels', 'shares', 'totals', 'weights'] as const) {
    const [a, b] = [got[name] ?? [], expected[name] ?? []];
    if (a.length !== b.length) throw new Error(`${name} of the table has ${a.length} elements, ${b.length} expected`);
    for (let i = 0; i < a.length; i++)
      if (a[i] !== b[i]) throw new Error(`${name}[${i}] of the table is ${a[i]}, ${b[i]} expected`);
  }
}

/** Least CPU of all threads that a call took, ms: other programs disturb it less than the time. */
function leastCpu(call: () => void): number {
  const times = Array.from({ length: 10 }, () => {
    const before = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

/** Each in a process of its own; ms. */
function firstTables(options: object, setUp: object): { best: number; median: number; cpu: number } {
  const runs = Array.from({ length: STARTS }, () => {
    const inputs = [new URL('./', import.meta.url).href, JSON.stringify(options), JSON.stringify(setUp)];
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', FIRST_TABLE, ...inputs], {
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(`no table in another process: ${stderr}`);
    return JSON.parse(stdout) as [number, number];
  }).sort(([a], [b]) => a - b);
  return { best: runs[0][0], median: runs[STARTS >> 1][0], cpu: Math.min(...runs.map(([, cpu]) => cpu)) };
}

/** Compares where there is enough to compare. */
function checkNear(
  name: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  count: ArrayLike<number>,
  tolerance: number,
): void {
  let compared = 0;
  for (let bin = 0; bin < got.length; bin++) {
    if (!(count[bin] > 10)) continue;
    compared++;
    if (!(Math.abs(got[bin] / expected[bin] - 1) <= tolerance))
      throw new Error(`bin ${bin}: ${got[bin]}, ${name} has ${expected[bin]}`);
  }
  if (compared < 100) throw new Error(`only ${compared} bins compared with ${name}`);
}

interface PeerResult {
  readonly firstMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly intensity: Float64Array;
  readonly count: Float64Array;
}

/** Null where pyFAI is not installed. */
function runPeer(geometry: Geometry, frame: Float32Array): PeerResult[] | null {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-integrate-'));
  try {
    writeFileSync(join(folder, 'frame'), new Uint8Array(frame.buffer));
    writeFileSync(join(folder, 'corners'), new Uint8Array(cornersOf(geometry).buffer));
    const cases = CASES.map((entry) => ({ ...entry, distance: DISTANCE, energy: ENERGY, rounds: ROUNDS }));
    writeFileSync(join(folder, 'cases'), JSON.stringify(cases));
    const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', PEER, folder], {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    });
    if (status !== 0) {
      console.log(`    not compared with pyFAI: ${stderr?.trim().split('\n').pop() ?? `no ${PYTHON}`}`);
      return null;
    }
    const times = JSON.parse(stdout.trim().split('\n').pop() as string) as [number, number, number][];
    return times.map(([first, wall, cpu], i) => {
      const bytes = readFileSync(join(folder, `result${i}`));
      const both = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const bins = both.length / 2;
      const [intensity, count] = [both.subarray(0, bins), both.subarray(bins)];
      return { firstMs: 1000 * first, wallMs: 1000 * wall, cpuMs: 1000 * cpu, intensity, count };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** float32 (module * ss, fs, 4, [z, y, x]), as pyFAI wants it. */
function cornersOf({ detector, tiles }: Geometry): Float32Array {
  const [modules, slowScan, fastScan] = detector.dataShape;
  const out = new Float32Array(modules * slowScan * fastScan * 12);
  for (let module = 0; module < modules; module++) {
    for (const [index, slice] of detector.tiles.entries()) {
      const tile = tiles.subarray((module * detector.tiles.length + index) * 9);
      for (let ss = slice.ssStart; ss < slice.ssStop; ss++) {
        for (let fs = slice.fsStart; fs < slice.fsStop; fs++) {
          const at = ((module * slowScan + ss) * fastScan + fs) * 12;
          for (const [corner, [down, along]] of detector.pixel.corners.entries()) {
            for (let axis = 0; axis < 3; axis++) {
              const place = tile[axis] + (ss - slice.ssStart + down) * tile[3 + axis];
              out[at + 3 * corner + 2 - axis] = place + (fs - slice.fsStart + along) * tile[6 + axis];
            }
          }
        }
      }
    }
  }
  return out;
}

import { readFileSync } from 'node:fs';
import { type BenchReport, timeCalls } from '../../tools/measure.ts';
import { zeros } from '../core/ndarray.ts';
import { KernelArena } from '../kernels/arena.ts';
import { TILE_FIELDS } from '../kernels/kernels.ts';
import { createWasmKernels } from '../kernels/wasm.ts';
import { AGIPD_1M } from './agipd.ts';
import { assembleModules, emptyImages } from './assembly.ts';
import { DSSC_1M } from './dssc.ts';
import { exampleGeometry } from './geometry.ts';
import { interpolateModules, interpolationTable } from './interpolated-assembly.ts';
import { jungfrau } from './jungfrau.ts';
import { LPD_1M } from './lpd.ts';
import { snapGeometry } from './snapped-geometry.ts';

const FRAMES = 64;

/** Speed of putting modules on the image, one thread. */
export async function bench(report: BenchReport): Promise<void> {
  await benchKernel(report);
  for (const detector of [AGIPD_1M, LPD_1M, DSSC_1M, jungfrau(8)]) {
    const snapped = snapGeometry(exampleGeometry(detector));
    const modules = zeros('float32', detector.dataShape);
    const image = emptyImages(snapped, 'float32');
    const { best } = timeCalls(() => assembleModules(snapped, modules, image), 500);
    report({ name: `${detector.name}: assembleModules, 1 frame float32, out reused`, value: best, unit: 'ms' });
  }
  benchInterpolation(report);
}

/** As the live pipeline does it: all arrays in the arena. */
async function benchKernel(report: BenchReport): Promise<void> {
  const snapped = snapGeometry(exampleGeometry(AGIPD_1M));
  const [modules, ss, fs] = AGIPD_1M.dataShape;
  const size = modules * ss * fs;
  const pixels = snapped.shape[0] * snapped.shape[1];
  const arena = KernelArena.create(FRAMES * (size + pixels) * 4 + (1 << 24));
  const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
  const wasm = await createWasmKernels(module, arena, arena.allocate('float64', [2]).data);
  const tiles = arena.allocate('int32', [snapped.tileTable.length]).data;
  tiles.set(snapped.tileTable);
  const stacks = Array.from({ length: FRAMES }, (_, frame) => {
    const { data } = arena.allocate('float32', [modules, ss, fs]);
    for (let i = 0; i < size; i++) data[i] = (i * 31 + frame) % 4096;
    return data;
  });
  const images = Array.from({ length: FRAMES }, () =>
    arena.allocate('float32', [...snapped.shape]).data.fill(Number.NaN),
  );

  wasm.assemble(stacks[5], tiles, images[5]);
  const plain = assembleModules(snapped, { dtype: 'float32', shape: AGIPD_1M.dataShape, data: stacks[5] });
  for (let i = 0; i < pixels; i++)
    if (!Object.is(images[5][i], plain.data[i])) throw new Error(`the kernel's image differs at ${i}`);

  const one = timeCalls(() => wasm.assemble(stacks[0], tiles, images[0]), 1500);
  const note = `${tiles.length / TILE_FIELDS} tiles, best of many`;
  report({ name: 'AGIPD1M: kernel, 1 frame float32', value: one.best, unit: 'ms', limit: '<= 0.6', note });
  // Frames are the unit of both: the time of one frame in a train that no cache holds, of copying one image.
  const all = timeCalls(() => {
    for (let frame = 0; frame < FRAMES; frame++) wasm.assemble(stacks[frame], tiles, images[frame]);
  }, 3000);
  const copy = timeCalls(() => {
    for (let frame = 0; frame < FRAMES; frame++) images[frame].set(images[(frame + 1) % FRAMES]);
  }, 3000);
  report({ name: `AGIPD1M: kernel, ${FRAMES} frames float32`, value: all.best, unit: 'ms', note: 'best of many' });
  report({
    name: `AGIPD1M: ${FRAMES} frames, time over that of copying the images`,
    value: all.best / copy.best,
    unit: 'x',
    limit: '<= 1.2',
    note: `copying: ${copy.best.toFixed(1)} ms`,
  });
}

function benchInterpolation(report: BenchReport): void {
  for (const detector of [AGIPD_1M, DSSC_1M]) {
    const geometry = exampleGeometry(detector);
    const frame = zeros('float32', detector.dataShape);
    frame.data.fill(1);
    let table = interpolationTable(geometry);
    const build = timeCalls(() => {
      table = interpolationTable(geometry);
    }, 100);
    const total = interpolateModules(table, frame).data.reduce((sum, v) => sum + (Number.isNaN(v) ? 0 : v), 0);
    if (Math.abs(total / frame.data.length - 1) > 1e-5)
      throw new Error(`interpolation keeps ${total} of ${frame.data.length}`);
    const out = interpolateModules(table, frame);
    const { best } = timeCalls(() => interpolateModules(table, frame, { out }), 1000);
    report({ name: `${detector.name}: table for interpolation, once for a geometry`, value: build.best, unit: 'ms' });
    report({
      name: `${detector.name}: interpolated, 1 frame`,
      value: best,
      unit: 'ms',
      limit: '<= 100',
      note: 'EXtra-geom: 560 ms, table included',
    });
  }
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import { KernelArena } from '../kernels/arena.ts';
import { createWasmKernels } from '../kernels/wasm.ts';
import { type AgipdConstants, uniformGain } from './agipd-constants.ts';
import { correctAgipdFrame } from './agipd-correction.ts';
import { DEFAULT_AGIPD_OPTIONS } from './agipd-options.ts';
import { packAgipdConstants, packedLengths } from './pack-constants.ts';

const SIDE = 64;
const PIXELS = SIDE * SIDE;

const arena = KernelArena.create(64 << 20);
const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const kernels = await createWasmKernels(module, arena, arena.allocate('float64', [2]).data);
const cells = arena.allocate('uint16', [1]).data;

let state = 3;
function random(low: number, high: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return low + (high - low) * (state / 2 ** 32);
}

/** Constants as faulty as they come: missing, out of any range, in the wrong order. */
function faultyConstants(): AgipdConstants {
  const oddities = [Number.NaN, -7.5, 0, 70_000, 5000.5, 6000];
  const pick = (usual: number) => (random(0, 1) < 0.2 ? oddities[Math.floor(random(0, 6))] : random(usual, usual + 50));
  const filled = (values: number[], each: (value: number) => number) =>
    Float32Array.from({ length: values.length * PIXELS }, (_, i) => each(values[Math.floor(i / PIXELS)]));
  const offset = filled([4000, 6500, 6600], (usual) => (random(0, 1) < 0.05 ? Number.NaN : random(usual, usual + 50)));
  const bad = Uint32Array.from({ length: 3 * PIXELS }, () => (random(0, 1) < 0.05 ? 1 : 0));
  return {
    cells: 1,
    slowScan: SIDE,
    fastScan: SIDE,
    offset: ndarray('float32', [1, 3, SIDE, SIDE], offset),
    thresholds: ndarray('float32', [1, 2, SIDE, SIDE], filled([5000, 6000], pick)),
    badPixels: ndarray('uint32', [1, 3, SIDE, SIDE], bad),
    gain: uniformGain(7, 0.25, 0.05),
  };
}

const targetOf = (cells: number, pixels: number) => {
  const lengths = packedLengths(cells, pixels);
  return {
    limits: arena.allocate('uint16', [lengths.limits]).data,
    factors: arena.allocate('float32', [lengths.factors]).data,
  };
};

describe('packAgipdConstants', () => {
  it.each([
    ['the defaults', DEFAULT_AGIPD_OPTIONS],
    ['fractions of ADU', { ...DEFAULT_AGIPD_OPTIONS, forceHighBelow: 999.75, forceMediumBelow: 0.1 }],
    ['nothing forced', { ...DEFAULT_AGIPD_OPTIONS, forceHighBelow: null, forceMediumBelow: null }],
  ])('keeps the stage and the value of every pixel, however faulty its constants: %s', (_name, options) => {
    const constants = faultyConstants();
    const packed = packAgipdConstants(constants, options, targetOf(1, PIXELS));
    const seen = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const raw = arena.allocate('uint16', [2, PIXELS]).data;
      for (let i = 0; i < PIXELS; i++) {
        // often exactly on a limit; 0 itself is left out, as a negative threshold cannot be told from 0
        raw[i] = random(0, 1) < 0.5 ? packed.limits[(2 + (i % 2)) * PIXELS + i] - (round % 2) : random(3900, 9000);
        raw[PIXELS + i] = random(0, 1) < 0.5 ? packed.limits[(i % 2) * PIXELS + i] + (round % 2) : random(1, 7000);
        raw[PIXELS + i] = Math.max(1, raw[PIXELS + i]);
      }
      const plain = { data: new Float32Array(PIXELS), stage: new Uint8Array(PIXELS), mask: new Uint32Array(PIXELS) };
      const planes = { analogue: raw.subarray(0, PIXELS), gain: raw.subarray(PIXELS), cellId: 0 };
      correctAgipdFrame(planes, constants, options, plain);
      const out = arena.allocate('float32', [PIXELS]).data;
      const stage = arena.allocate('uint8', [PIXELS]).data;
      const layout = { base: 0, frameStride: 2 * PIXELS, frames: 1 };
      kernels.correct(raw, layout, PIXELS, cells, packed, options.rangeKeV, out, stage);
      // 65535 stands for "never", which 14-bit data cannot reach
      const wrong = Array.from(stage).findIndex((s, i) => s !== plain.stage[i] && raw[PIXELS + i] < 65_535);
      expect(wrong).toBe(-1);
      let far = 0;
      for (let i = 0; i < PIXELS; i++) {
        seen.add(stage[i]);
        const tolerance = 1e-3 + 1e-6 * Math.abs(plain.data[i]);
        if (plain.mask[i] === 0 && !(Math.abs(out[i] - plain.data[i]) <= tolerance)) far++;
      }
      expect(far).toBe(0);
    }
    expect([...seen].sort()).toEqual([0, 1, 2]);
  });

  it('refuses memory of another size', () => {
    const attempt = () => packAgipdConstants(faultyConstants(), DEFAULT_AGIPD_OPTIONS, targetOf(2, PIXELS));
    try {
      attempt();
      expect.unreachable();
    } catch (error) {
      expect(isXfelError(error, 'ShapeMismatch')).toBe(true);
    }
  });
});

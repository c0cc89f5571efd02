import {
  type FrameLayout,
  type Kernels,
  type PackedConstants,
  type RoiSum,
  TILE_FIELDS,
  type TileTable,
} from './kernels.ts';

/** Gain stage of one pixel: thresholds first, then fall back where the analogue value is too low for the stage. */
function stageOf(
  evaluated: number,
  analogue: number,
  limits: Uint16Array,
  cell: number,
  pixels: number,
  i: number,
): number {
  const at = cell * 4 * pixels + i;
  let stage = 0;
  if (evaluated > limits[at]) stage = 1;
  if (evaluated > limits[at + pixels]) stage = 2;
  if (stage === 2 && analogue < limits[at + 2 * pixels]) stage = 1;
  if (stage > 0 && analogue < limits[at + 3 * pixels]) stage = 0;
  return stage;
}

function forEachCorrected(
  raw: Uint16Array,
  analogue: FrameLayout,
  gainBase: number,
  cells: Uint16Array,
  constants: PackedConstants,
  range: number,
  visit: (frame: number, pixel: number, value: number, stage: number) => void,
): void {
  const { pixels, limits, factors } = constants;
  for (let frame = 0; frame < analogue.frames; frame++) {
    const cell = cells[frame];
    const a = analogue.base + frame * analogue.frameStride;
    const e = gainBase + frame * analogue.frameStride;
    for (let i = 0; i < pixels; i++) {
      if (cell >= constants.cells) {
        visit(frame, i, Number.NaN, 0);
        continue;
      }
      const stage = stageOf(raw[e + i], raw[a + i], limits, cell, pixels, i);
      const f = (cell * 6 + 2 * stage) * pixels + i;
      const value = Math.fround(Math.fround(raw[a + i] - factors[f]) * factors[f + pixels]);
      visit(frame, i, Math.abs(value) <= range ? value : Number.NaN, stage);
    }
  }
}

/** The kernels in plain TypeScript: slow, obvious, and what the fast ones are tested against. */
export const referenceKernels: Kernels = {
  correct(raw, analogue, gainBase, cells, constants, range, out, stage) {
    forEachCorrected(raw, analogue, gainBase, cells, constants, range, (frame, pixel, value, pixelStage) => {
      out[frame * constants.pixels + pixel] = value;
      if (stage) stage[frame * constants.pixels + pixel] = pixelStage;
    });
  },

  correctAccumulate(raw, analogue, gainBase, cells, constants, range, sum, count) {
    forEachCorrected(raw, analogue, gainBase, cells, constants, range, (_frame, pixel, value) => {
      if (Number.isNaN(value)) return;
      sum[pixel] += value;
      count[pixel]++;
    });
  },

  rawAccumulate(raw, layout, sum, count) {
    for (let frame = 0; frame < layout.frames; frame++) {
      const from = layout.base + frame * layout.frameStride;
      for (let i = 0; i < sum.length; i++) {
        sum[i] += raw[from + i];
        count[i]++;
      }
    }
  },

  floatAccumulate(values, layout, range, sum, count) {
    for (let frame = 0; frame < layout.frames; frame++) {
      const from = layout.base + frame * layout.frameStride;
      for (let i = 0; i < sum.length; i++) {
        const value = values[from + i];
        if (!(Math.abs(value) <= range)) continue;
        sum[i] += value;
        count[i]++;
      }
    }
  },

  finishMean(sum, count, out) {
    for (let i = 0; i < sum.length; i++) out[i] = sum[i] / count[i];
  },

  assemble(modules, tiles: TileTable, image) {
    for (let t = 0; t < tiles.length; t += TILE_FIELDS) {
      const [source, rows, columns, sourceStride, target, rowStride, columnStride] = tiles.subarray(t, t + TILE_FIELDS);
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++)
          image[target + r * rowStride + c * columnStride] = modules[source + r * sourceStride + c];
      }
    }
  },

  tableSums(values, { starts, pixels, shares, weights, dark, totals }, sums) {
    const bins = starts.length - 1;
    for (let bin = 0; bin < bins; bin++) {
      let signal = totals[3 * bin];
      let norm = totals[3 * bin + 1];
      let count = totals[3 * bin + 2];
      const end = starts[bin + 1];
      for (let entry = starts[bin]; entry < end; entry++) {
        const pixel = pixels[entry];
        const value = values[pixel];
        const share = shares === null ? 1 : shares[entry];
        if (!Number.isNaN(value)) signal += value * share;
        else {
          if (dark !== null) signal += dark[pixel] * share;
          norm -= weights[pixel] * share;
          count -= share;
        }
      }
      sums[3 * bin] = signal;
      sums[3 * bin + 1] = norm;
      sums[3 * bin + 2] = count;
    }
  },

  roiSum(image, imageWidth, x, y, width, height): RoiSum {
    let sum = 0;
    let count = 0;
    for (let row = y; row < y + height; row++) {
      for (let column = x; column < x + width; column++) {
        const value = image[row * imageWidth + column];
        if (Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
    }
    return { sum, count };
  },
};

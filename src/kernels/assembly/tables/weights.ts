// Weights of the pixels of a tile, in AssemblyScript: the twin of detector/integration/pixel-weights.ts, number by number.

/**
 * Solid angle, polarisation and size of the pixels of a tile.
 * @param plan float64: tile (9), shift (y, x, z), matrix (9), cross product of the steps (3), scale of the solid angle,
 * factor, cosine and sine of the polarisation, shift of odd rows along fs
 * @param ss float64 (row) @param fs float64 (column): centres of the pixels
 * @param ssLines float64 (row + 1) @param fsLines float64 (column + 1): where sizes count, or 0
 * @param out float32, `stride` bytes from row to row
 */
export function weigh(
  plan: usize, ss: usize, rows: i32, fs: usize, columns: i32, ssLines: usize, fsLines: usize,
  hasSolidAngle: i32, hasPolarization: i32, out: usize, stride: usize,
): void {
  const fsX = load<f64>(plan, 48);
  const fsY = load<f64>(plan, 56);
  const fsZ = load<f64>(plan, 64);
  const crossX = load<f64>(plan, 168);
  const crossY = load<f64>(plan, 176);
  const crossZ = load<f64>(plan, 184);
  const scale = load<f64>(plan, 192);
  for (let i = 0; i < rows; i++) {
    const place = load<f64>(ss + (<usize>i << 3));
    const shift = i & 1 ? load<f64>(plan, 224) : 0;
    const rowX = load<f64>(plan) + place * load<f64>(plan, 24) + load<f64>(plan, 80);
    const rowY = load<f64>(plan, 8) + place * load<f64>(plan, 32) + load<f64>(plan, 72);
    const rowZ = load<f64>(plan, 16) + place * load<f64>(plan, 40) + load<f64>(plan, 88);
    const to = out + <usize>i * stride;
    const ssLine = ssLines + (<usize>i << 3);
    for (let j = 0; j < columns; j++) {
      const along = load<f64>(fs + (<usize>j << 3)) + shift;
      const x = rowX + along * fsX;
      const y = rowY + along * fsY;
      const z = rowZ + along * fsZ;
      const squared = x * x + y * y + z * z;
      let weight: f64 = 1;
      if (ssLines) {
        const fsLine = fsLines + (<usize>j << 3);
        weight = (load<f64>(ssLine, 8) - load<f64>(ssLine)) * (load<f64>(fsLine, 8) - load<f64>(fsLine));
      }
      if (hasSolidAngle) weight *= (abs(crossX * x + crossY * y + crossZ * z) * scale) / (squared * sqrt(squared));
      if (hasPolarization) weight *= polarizationAt(plan, x, y, z, squared);
      store<f32>(to + (<usize>j << 2), <f32>weight);
    }
  }
}

function polarizationAt(plan: usize, x: f64, y: f64, z: f64, squared: f64): f64 {
  const up = load<f64>(plan, 96) * y + load<f64>(plan, 104) * x + load<f64>(plan, 112) * z;
  const left = load<f64>(plan, 120) * y + load<f64>(plan, 128) * x + load<f64>(plan, 136) * z;
  const along = load<f64>(plan, 144) * y + load<f64>(plan, 152) * x + load<f64>(plan, 160) * z;
  const across = (left * left - up * up) * load<f64>(plan, 208) - 2 * left * up * load<f64>(plan, 216);
  return 0.5 * (1 + (along * along - load<f64>(plan, 200) * across) / squared);
}

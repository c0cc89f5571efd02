// Bins over radius and azimuth, in AssemblyScript: the twin of detector/integration/bin-grid.ts.
// `grid`: float64: radial start, bins per unit; azimuthal start, step, bins per rad, rows in a turn; smallest radius there is.
// then int32: radial bins, azimuthal bins, whether it goes all the way round (byte 56, 60, 64).

/** Bytes of a run: three uint32. */
// @ts-ignore: decorator
@inline
export const RUN_BYTES: usize = 12;

const PI: f64 = 3.141592653589793;

// @ts-ignore: decorator
@inline
export function radialLow(grid: usize): f64 {
  return load<f64>(grid);
}
// @ts-ignore: decorator
@inline
export function perUnitOf(grid: usize): f64 {
  return load<f64>(grid, 8);
}
// @ts-ignore: decorator
@inline
export function stepOf(grid: usize): f64 {
  return load<f64>(grid, 24);
}
// @ts-ignore: decorator
@inline
export function perTurnOf(grid: usize): f64 {
  return load<f64>(grid, 32);
}
// @ts-ignore: decorator
@inline
export function turnOf(grid: usize): f64 {
  return load<f64>(grid, 40);
}
// @ts-ignore: decorator
@inline
export function floorOf(grid: usize): f64 {
  return load<f64>(grid, 48);
}
// @ts-ignore: decorator
@inline
export function columnsOf(grid: usize): i32 {
  return load<i32>(grid, 56);
}
// @ts-ignore: decorator
@inline
export function rowsOf(grid: usize): i32 {
  return load<i32>(grid, 60);
}
// @ts-ignore: decorator
@inline
export function isCircleOf(grid: usize): bool {
  return load<i32>(grid, 64) != 0;
}

/** An azimuth relative to the start of the axis, on the turn that is nearest to its middle. */
// @ts-ignore: decorator
@inline
export function relativeAzimuth(azimuth: f64, grid: usize): f64 {
  const half = 0.5 * load<f64>(grid, 24) * <f64>load<i32>(grid, 60);
  const fromMiddle = azimuth - load<f64>(grid, 16) - half;
  if (fromMiddle <= PI && fromMiddle >= -PI) return fromMiddle + half;
  return fromMiddle - 2 * PI * floor(fromMiddle / (2 * PI) + 0.5) + half;
}

// @ts-ignore: decorator
@inline
export function wrapRow(row: i32, rows: i32): i32 {
  if (row >= 0 && row < rows) return row;
  const rest = row % rows;
  return rest < 0 ? rest + rows : rest;
}

import type { SumTable } from '../../kernels/kernels.ts';

/**
 * A table as one for each module, all with the same bins: sums of the modules add up to those of the stack, so each can be
 * worked on where its pixels are.
 * @param modulePixels pixels of a module (ss * fs)
 * @returns (module) tables; their `pixels`, `weights` and `dark` are those of the module alone
 */
export function moduleTables(table: SumTable, modulePixels: number): SumTable[] {
  const { starts, pixels, shares, weights, dark } = table;
  const bins = starts.length - 1;
  const modules = weights.length / modulePixels;
  // Entries of a bin are in the order of the stack: those of a module are side by side.
  const ends = new Uint32Array(modules * bins);
  const lengths = new Uint32Array(modules);
  for (let bin = 0; bin < bins; bin++) {
    let at = starts[bin];
    for (let module = 0; module < modules; module++) {
      const begin = at;
      const limit = (module + 1) * modulePixels;
      while (at < starts[bin + 1] && pixels[at] < limit) at++;
      ends[module * bins + bin] = at;
      lengths[module] += at - begin;
    }
  }
  return Array.from({ length: modules }, (_, module) => {
    const first = module * modulePixels;
    const own = {
      starts: new Uint32Array(bins + 1),
      pixels: new Uint32Array(lengths[module]),
      shares: shares && new Float32Array(lengths[module]),
      weights: weights.subarray(first, first + modulePixels),
      dark: dark === null ? null : dark.subarray(first, first + modulePixels),
      totals: new Float64Array(3 * bins),
    };
    let at = 0;
    for (let bin = 0; bin < bins; bin++) {
      const end = ends[module * bins + bin];
      let [darkSum, norm, count] = [0, 0, 0];
      for (let entry = module === 0 ? starts[bin] : ends[(module - 1) * bins + bin]; entry < end; entry++, at++) {
        const share = shares === null ? 1 : shares[entry];
        own.pixels[at] = pixels[entry] - first;
        if (own.shares !== null) own.shares[at] = share;
        if (dark !== null) darkSum += share * dark[pixels[entry]];
        norm += share * weights[pixels[entry]];
        count += share;
      }
      own.starts[bin + 1] = at;
      own.totals.set([-darkSum, norm, count], 3 * bin);
    }
    return own;
  });
}

import { isXfelError } from '../../core/errors.ts';
import { fitLeastSquares } from '../refinement/least-squares.ts';

/** A peak of a pattern, in the pattern's units. */
export interface FittedPeak {
  readonly position: number;
  readonly positionUncertainty: number;
  /** Full width at half of the height. */
  readonly fwhm: number;
  readonly fwhmUncertainty: number;
  /** Above the background. */
  readonly height: number;
  /** Between the peak and its background. */
  readonly area: number;
  /**
   * Area over height of the points themselves above the fitted background: grows with shoulders and second peaks, which the
   * width of the fitted peak does not see.
   */
  readonly integralBreadth: number;
  /** 0 = Gaussian, 1 = Lorentzian. */
  readonly lorentz: number;
}

const LN2 = Math.log(2);
const MIN_POINTS = 7;

/**
 * Fits one peak (pseudo-Voigt) on a straight background.
 * @param x rising @param y NaN = no value @param range [low, high] of x that holds the peak and some background
 * @returns null where there is no peak to be seen: too few points, or no maximum inside of the range
 * @source G. K. Wertheim et al., Rev. Sci. Instrum. 45 (1974) 1369
 */
export function fitPeak(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  range: readonly [number, number],
): FittedPeak | null {
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let i = 0; i < x.length; i++) {
    if (x[i] < range[0] || x[i] > range[1] || !Number.isFinite(y[i])) continue;
    xs.push(x[i]);
    ys.push(y[i]);
  }
  const start = xs.length < MIN_POINTS ? null : guessPeak(xs, ys);
  if (!start) return null;
  const middle = (xs[0] + xs[xs.length - 1]) / 2;
  const model = (at: number, [position, fwhm, height, lorentz, level, slope]: Float64Array) => {
    const t = (2 * (at - position)) / fwhm;
    const shape = lorentz / (1 + t * t) + (1 - lorentz) * Math.exp(-LN2 * t * t);
    return height * shape + level + slope * (at - middle);
  };
  const span = xs[xs.length - 1] - xs[0];
  const noise = Math.max(start.height * 1e-3, 1e-30);
  const { position, fwhm, height, level } = start;
  try {
    const { values, uncertainties } = fitLeastSquares(
      {
        parameters: [
          { name: 'position', start: position, scale: 0.01 * fwhm, low: range[0], high: range[1] },
          { name: 'fwhm', start: fwhm, scale: 0.01 * fwhm, low: span / (2 * xs.length), high: span },
          { name: 'height', start: height, scale: 0.01 * height, low: 0 },
          { name: 'lorentz', start: 0.3, scale: 0.01, low: 0, high: 1 },
          { name: 'level', start: level, scale: 0.01 * height },
          { name: 'slope', start: start.slope, scale: (0.01 * height) / span },
        ],
        residualCount: xs.length,
        residuals: (at, out) => {
          for (const [i, value] of xs.entries()) out[i] = (model(value, at) - ys[i]) / noise;
        },
      },
      { maxIterations: 60 },
    );
    const [p, w, h, lorentz, baseLevel, baseSlope] = values;
    const net = ys.map((value, i) => value - baseLevel - baseSlope * (xs[i] - middle));
    const step = span / (xs.length - 1);
    return {
      position: p,
      positionUncertainty: uncertainties[0],
      fwhm: w,
      fwhmUncertainty: uncertainties[1],
      height: h,
      area: h * w * ((lorentz * Math.PI) / 2 + (1 - lorentz) * Math.sqrt(Math.PI / (4 * LN2))),
      integralBreadth: (net.reduce((sum, value) => sum + value, 0) * step) / Math.max(...net),
      lorentz,
    };
  } catch (error) {
    // A shape that these points do not settle is no peak.
    if (isXfelError(error)) return null;
    throw error;
  }
}

/** Highest point above the line through both ends, and its width at half of the height. */
function guessPeak(xs: readonly number[], ys: readonly number[]) {
  const edge = Math.max(1, Math.floor(xs.length / 6));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [low, high] = [mean(ys.slice(0, edge)), mean(ys.slice(-edge))];
  const [lowX, highX] = [mean(xs.slice(0, edge)), mean(xs.slice(-edge))];
  const slope = (high - low) / (highX - lowX);
  const net = ys.map((value, i) => value - low - slope * (xs[i] - lowX));
  let top = 0;
  for (let i = 1; i < net.length; i++) if (net[i] > net[top]) top = i;
  const height = net[top];
  if (!(height > 0) || top === 0 || top === net.length - 1) return null;
  let [left, right] = [top, top];
  while (left > 0 && net[left - 1] > height / 2) left--;
  while (right < net.length - 1 && net[right + 1] > height / 2) right++;
  const step = (xs[xs.length - 1] - xs[0]) / (xs.length - 1);
  const middle = (xs[0] + xs[xs.length - 1]) / 2;
  return {
    position: xs[top],
    fwhm: (right - left + 1) * step,
    height,
    level: low + slope * (middle - lowX),
    slope,
  };
}

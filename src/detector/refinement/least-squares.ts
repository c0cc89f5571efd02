import { RefinementFailed } from '../../core/errors.ts';

/** One number that is looked for. */
export interface FitParameter {
  readonly name: string;
  readonly start: number;
  /** A change of this much is small, but matters: sets the steps of the derivatives. */
  readonly scale: number;
  /** Stays at `start`. */
  readonly isFixed?: boolean;
  readonly low?: number;
  readonly high?: number;
  /** Standard deviation of what is known beforehand: the value is `expected` give or take this. */
  readonly prior?: number;
  /** Default `start`. */
  readonly expected?: number;
}

/** What is minimised: the sum of squares of residuals, each in units of its standard deviation. */
export interface FitProblem {
  readonly parameters: readonly FitParameter[];
  readonly residualCount: number;
  /** @param values one of each parameter, fixed ones too @param out (residualCount) */
  residuals(values: Float64Array, out: Float64Array): void;
}

/** How to look. */
export interface FitOptions {
  readonly maxIterations?: number;
  /** Residuals beyond so many (robust) standard deviations count less, as Huber has it; default none. */
  readonly outlierSigma?: number;
}

/** What was found. */
export interface FitResult {
  readonly values: Float64Array;
  /** Standard deviations, scaled by the scatter of the residuals; 0 for fixed parameters. */
  readonly uncertainties: Float64Array;
  /** Root mean square of the residuals before each iteration, and at the end. */
  readonly history: readonly number[];
  readonly isConverged: boolean;
  /** Names of parameters that ended at a bound. */
  readonly atBound: readonly string[];
}

/** A pivot this much smaller than its diagonal: the parameter follows from the others. */
const SINGULAR = 1e-11;
/** A parameter that moves residuals by less than this many standard deviations for a change of its scale has no effect. */
const NO_EFFECT = 1e-7;
const CONVERGED = 1e-9;

/**
 * Levenberg-Marquardt with bounds, priors, fixed parameters and outliers. Small problems only: the matrix is dense.
 * @throws RefinementFailed if parameters cannot be told apart by these residuals, naming them; if a start is outside its bounds;
 * if there are fewer residuals than parameters
 * @source Nocedal and Wright, Numerical Optimization, 10.3; Huber, Ann. Math. Stat. 35 (1964) 73
 */
export function fitLeastSquares(problem: FitProblem, options: FitOptions = {}): FitResult {
  const { parameters, residualCount } = problem;
  const { maxIterations = 50, outlierSigma } = options;
  const free = parameters.flatMap(({ isFixed }, i) => (isFixed ? [] : [i]));
  checkProblem(problem, free);
  let values: Float64Array = Float64Array.from(parameters, ({ start }) => start);
  let residuals = new Float64Array(residualCount);
  problem.residuals(values, residuals);
  checkFinite(residuals, 'at the start');
  let weights = robustWeights(residuals, outlierSigma);
  let cost = costOf(residuals, weights, parameters, values);
  const history = [rootMeanSquare(residuals)];
  let damping = 1e-3;
  let isConverged = free.length === 0;
  for (let iteration = 0; iteration < maxIterations && !isConverged; iteration++) {
    const jacobian = jacobianOf(problem, values, free);
    const system = normalEquations(jacobian, residuals, weights, parameters, values, free);
    checkRegular(system.normal, problem, free);
    let isBetter = false;
    while (!isBetter && damping < 1e12) {
      const step = solveDamped(system, damping, parameters, values, free);
      const trial = values.slice();
      let change = 0;
      for (const [n, i] of free.entries()) {
        const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY, scale } = parameters[i];
        trial[i] = Math.min(high, Math.max(low, values[i] + step[n]));
        change = Math.max(change, Math.abs(trial[i] - values[i]) / scale);
      }
      const trialResiduals = new Float64Array(residualCount);
      problem.residuals(trial, trialResiduals);
      const trialCost = costOf(trialResiduals, weights, parameters, trial);
      if (trialCost <= cost) {
        isBetter = true;
        isConverged = change < 1e-6 || cost - trialCost <= CONVERGED * cost;
        values = trial;
        residuals = trialResiduals;
        damping = Math.max(damping / 10, 1e-12);
      } else if (change < 1e-9) {
        isBetter = true;
        isConverged = true;
      } else damping *= 10;
    }
    if (!isBetter) isConverged = true;
    weights = robustWeights(residuals, outlierSigma);
    cost = costOf(residuals, weights, parameters, values);
    history.push(rootMeanSquare(residuals));
  }
  return {
    values,
    uncertainties: uncertaintiesOf(problem, values, residuals, weights, free),
    history,
    isConverged,
    atBound: free.flatMap((i) => {
      const { name, low, high } = parameters[i];
      return values[i] === low || values[i] === high ? [name] : [];
    }),
  };
}

function checkProblem({ parameters, residualCount }: FitProblem, free: readonly number[]): void {
  for (const { name, start, low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } of parameters) {
    if (!(start >= low && start <= high))
      throw new RefinementFailed(`${name} starts at ${start}, outside of its bounds ${low} to ${high}.`, {
        name,
        start,
        low,
        high,
      });
  }
  const priors = free.filter((i) => parameters[i].prior !== undefined).length;
  if (residualCount + priors < free.length) {
    throw new RefinementFailed(
      `${free.length} parameters cannot be found from ${residualCount} points: fix some, or take more rings.`,
      { parameters: free.length, points: residualCount },
    );
  }
}

function checkFinite(residuals: Float64Array, when: string): void {
  const wrong = residuals.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new RefinementFailed(`Point ${wrong} has no finite residual ${when}: is a distance or an energy 0?`, {
      point: wrong,
    });
}

/** (residual, free parameter), central differences. */
function jacobianOf(problem: FitProblem, values: Float64Array, free: readonly number[]): Float64Array {
  const { residualCount, parameters } = problem;
  const jacobian = new Float64Array(residualCount * free.length);
  const low = new Float64Array(residualCount);
  const high = new Float64Array(residualCount);
  const point = values.slice();
  for (const [n, i] of free.entries()) {
    const step = parameters[i].scale * 1e-3;
    point[i] = values[i] - step;
    problem.residuals(point, low);
    point[i] = values[i] + step;
    problem.residuals(point, high);
    point[i] = values[i];
    for (let r = 0; r < residualCount; r++) jacobian[r * free.length + n] = (high[r] - low[r]) / (2 * step);
  }
  return jacobian;
}

interface NormalEquations {
  /** (free, free) */
  readonly normal: Float64Array;
  /** Minus half the gradient of the cost. */
  readonly descent: Float64Array;
}

function normalEquations(
  jacobian: Float64Array,
  residuals: Float64Array,
  weights: Float64Array,
  parameters: readonly FitParameter[],
  values: Float64Array,
  free: readonly number[],
): NormalEquations {
  const n = free.length;
  const normal = new Float64Array(n * n);
  const descent = new Float64Array(n);
  for (let r = 0; r < residuals.length; r++) {
    for (let i = 0; i < n; i++) {
      const slope = jacobian[r * n + i] * weights[r];
      // Most points know nothing of most groups.
      if (slope === 0) continue;
      descent[i] -= slope * residuals[r];
      for (let j = 0; j <= i; j++) normal[i * n + j] += slope * jacobian[r * n + j];
    }
  }
  for (const [i, index] of free.entries()) {
    const { prior, start, expected = start } = parameters[index];
    if (prior !== undefined) {
      normal[i * n + i] += 1 / (prior * prior);
      descent[i] -= (values[index] - expected) / (prior * prior);
    }
    for (let j = 0; j < i; j++) normal[j * n + i] = normal[i * n + j];
  }
  return { normal, descent };
}

/** @throws RefinementFailed naming the parameters that cannot be told apart */
function checkRegular(normal: Float64Array, { parameters, residualCount }: FitProblem, free: readonly number[]): void {
  const n = free.length;
  for (const [i, index] of free.entries()) {
    const effect = Math.sqrt(normal[i * n + i] / residualCount) * parameters[index].scale;
    if (!(effect > NO_EFFECT))
      throw new RefinementFailed(
        `No point depends on ${parameters[index].name}: fix it, or take rings that lie on it.`,
        {
          names: [parameters[index].name],
        },
      );
  }
  const scaled = normal.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return value / Math.sqrt(normal[i * n + i] * normal[j * n + j]);
  });
  const failed = cholesky(scaled, n, SINGULAR);
  if (failed < 0) return;
  // The failing parameter as a combination of those before it.
  const before = failed;
  const mixed = backSubstitute(scaled, n, before, scaled.slice(failed * n, failed * n + before));
  const names = [...mixed.keys()].filter((i) => Math.abs(mixed[i]) > 0.05).map((i) => parameters[free[i]].name);
  throw new RefinementFailed(
    `${[...names, parameters[free[failed]].name].join(', ')} cannot be told apart by these rings: fix one of them, or say how far it may be off (prior).`,
    { names: [...names, parameters[free[failed]].name] },
  );
}

/**
 * Cholesky factor in the lower triangle, in place.
 * @returns -1, or the row whose pivot is below `limit` times its diagonal
 */
function cholesky(matrix: Float64Array, n: number, limit: number): number {
  for (let i = 0; i < n; i++) {
    const diagonal = matrix[i * n + i];
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (j < i) matrix[i * n + j] = sum / matrix[j * n + j];
      else if (sum > limit * diagonal) matrix[i * n + i] = Math.sqrt(sum);
      else return i;
    }
  }
  return -1;
}

/** Solves L^T x = b for the first `size` rows of a factor. */
function backSubstitute(factor: Float64Array, n: number, size: number, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= factor[k * n + i] * x[k];
    x[i] /= factor[i * n + i];
  }
  return x;
}

function solveFactored(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  return backSubstitute(factor, n, n, x);
}

function solveDamped(
  { normal, descent }: NormalEquations,
  damping: number,
  parameters: readonly FitParameter[],
  values: Float64Array,
  free: readonly number[],
): Float64Array {
  const n = free.length;
  const matrix = normal.slice();
  const right = descent.slice();
  for (const [i, index] of free.entries()) {
    const { low, high } = parameters[index];
    const isPushedOut = (values[index] === low && descent[i] < 0) || (values[index] === high && descent[i] > 0);
    matrix[i * n + i] *= 1 + damping;
    if (!isPushedOut) continue;
    // Held at its bound for this step, so that the others find their best beside it.
    for (let j = 0; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = 0;
    matrix[i * n + i] = 1;
    right[i] = 0;
  }
  // Scaled to a unit diagonal: metres and radians are of very different size.
  const size = Float64Array.from({ length: n }, (_, i) => Math.sqrt(matrix[i * n + i]));
  for (let i = 0; i < n; i++) {
    right[i] /= size[i];
    for (let j = 0; j < n; j++) matrix[i * n + j] /= size[i] * size[j];
  }
  if (cholesky(matrix, n, 0) >= 0) return new Float64Array(n);
  return solveFactored(matrix, n, right).map((value, i) => value / size[i]);
}

function uncertaintiesOf(
  problem: FitProblem,
  values: Float64Array,
  residuals: Float64Array,
  weights: Float64Array,
  free: readonly number[],
): Float64Array {
  const { parameters } = problem;
  const n = free.length;
  const result = new Float64Array(parameters.length);
  if (n === 0) return result;
  const { normal } = normalEquations(jacobianOf(problem, values, free), residuals, weights, parameters, values, free);
  const size = Float64Array.from({ length: n }, (_, i) => Math.sqrt(normal[i * n + i]));
  const factor = normal.map((value, at) => value / (size[Math.floor(at / n)] * size[at % n]));
  if (cholesky(factor, n, 0) >= 0) return result.fill(Number.NaN);
  let sum = 0;
  for (const [r, residual] of residuals.entries()) sum += weights[r] * residual * residual;
  const variance = sum / Math.max(1, residuals.length - n);
  for (const [i, index] of free.entries()) {
    const unit = new Float64Array(n);
    unit[i] = 1;
    result[index] = Math.sqrt(solveFactored(factor, n, unit)[i] * variance) / size[i];
  }
  return result;
}

/** Huber's weights; the width is that of the bulk, from the median. */
function robustWeights(residuals: Float64Array, outlierSigma: number | undefined): Float64Array {
  const weights = new Float64Array(residuals.length).fill(1);
  if (outlierSigma === undefined || residuals.length === 0) return weights;
  const sizes = residuals.map(Math.abs).sort();
  const limit = outlierSigma * 1.4826 * sizes[sizes.length >> 1];
  if (!(limit > 0)) return weights;
  return weights.map((_, r) => Math.min(1, limit / Math.abs(residuals[r])));
}

function costOf(
  residuals: Float64Array,
  weights: Float64Array,
  parameters: readonly FitParameter[],
  values: Float64Array,
): number {
  let cost = 0;
  for (let r = 0; r < residuals.length; r++) cost += weights[r] * residuals[r] * residuals[r];
  for (const [i, { prior, start, expected = start, isFixed }] of parameters.entries())
    if (prior !== undefined && !isFixed) cost += ((values[i] - expected) / prior) ** 2;
  return Number.isFinite(cost) ? cost : Number.POSITIVE_INFINITY;
}

function rootMeanSquare(residuals: Float64Array): number {
  let sum = 0;
  for (const residual of residuals) sum += residual * residual;
  return Math.sqrt(sum / Math.max(1, residuals.length));
}

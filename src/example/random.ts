/** Entries of the table of normal deviates; an index is 16 random bits. */
const NORMAL_ENTRIES = 65_536;
/** Above this mean a Poisson number is drawn as a rounded normal one: the skewness left out is below 0.15. */
const POISSON_NORMAL_FROM = 50;

let normalTable: Float32Array | undefined;

/**
 * A seeded stream of random numbers: the same seed gives the same numbers on every machine.
 * @source xoshiro128++ 1.0 by Blackman and Vigna (public domain algorithm); splitmix32 fills its state
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param parts whole numbers; streams of different parts are independent of each other */
  constructor(...parts: readonly number[]) {
    let state = 0x9e3779b9;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    for (const part of parts) state = Math.imul(next() ^ (part | 0), 0x85ebca6b) + Math.floor(part / 2 ** 32);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
    for (let i = 0; i < 8; i++) this.bits();
  }

  /** 32 random bits, as a signed number. */
  bits(): number {
    const sum = (this.#a + this.#d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) | 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return (this.bits() >>> 0) / 2 ** 32;
  }

  /** Whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** Mean 0, standard deviation 1. */
  normal(): number {
    return standardNormals()[this.bits() & 0xffff];
  }

  /** Number of events when `mean` are expected. */
  poisson(mean: number): number {
    if (mean >= POISSON_NORMAL_FROM) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    return poissonFrom(this.uniform(), Math.exp(-mean), mean);
  }
}

/**
 * Poisson number by inversion of the cumulative probability.
 * @param uniform in [0, 1) @param noEvent exp(-mean)
 */
export function poissonFrom(uniform: number, noEvent: number, mean: number): number {
  let count = 0;
  let probability = noEvent;
  let rest = uniform - probability;
  // 2^-32 is the resolution of `uniform`: beyond it the tail cannot be told from the rounding of the sum.
  while (rest >= 0 && (count < mean || probability > 1e-12)) {
    count++;
    probability *= mean / count;
    rest -= probability;
  }
  return count;
}

/** Normal deviates at the middles of 65536 equal steps of probability: `table[16 random bits]` is a normal number. */
export function standardNormals(): Float32Array {
  if (normalTable) return normalTable;
  normalTable = new Float32Array(NORMAL_ENTRIES);
  for (let i = 0; i < NORMAL_ENTRIES; i++) normalTable[i] = normalQuantile((i + 0.5) / NORMAL_ENTRIES);
  return normalTable;
}

/** Value below which a normal number lies with this probability, by bisection-free Newton steps on the error function. */
function normalQuantile(probability: number): number {
  const isUpper = probability > 0.5;
  const tail = isUpper ? 1 - probability : probability;
  // Start: leading terms of the tail's expansion; then Newton on the logarithm of the tail, which is nearly a parabola.
  let x = Math.sqrt(Math.max(0, -2 * Math.log(2 * tail)));
  for (let i = 0; i < 30; i++) {
    const { upper, density } = normalTail(x);
    const step = (Math.log(upper) - Math.log(tail)) * (upper / density);
    x += step;
    if (Math.abs(step) < 1e-9) break;
  }
  return isUpper ? x : -x;
}

/** Probability above x >= 0 and density at x, by the series of the cumulative or, far out, the continued fraction. */
function normalTail(x: number): { upper: number; density: number } {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 200 && Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return { upper: 0.5 - density * sum, density };
  }
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
  return { upper: density / fraction, density };
}

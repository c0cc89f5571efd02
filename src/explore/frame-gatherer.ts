/** Mean, largest or sum of frames, pixel by pixel, without values that are missing. */
export class FrameGatherer {
  readonly #over: 'mean' | 'max' | 'sum';
  readonly #values: Float64Array;
  readonly #counts: Uint32Array;

  constructor(pixels: number, over: 'mean' | 'max' | 'sum') {
    this.#over = over;
    this.#values = new Float64Array(pixels).fill(over === 'max' ? Number.NEGATIVE_INFINITY : 0);
    this.#counts = new Uint32Array(pixels);
  }

  /** @param frame float32 (pixel), NaN = missing */
  add(frame: Float32Array): void {
    const [values, counts, isMax] = [this.#values, this.#counts, this.#over === 'max'];
    for (let i = 0; i < frame.length; i++) {
      const value = frame[i];
      if (Number.isNaN(value)) continue;
      counts[i]++;
      if (!isMax) values[i] += value;
      else if (value > values[i]) values[i] = value;
    }
  }

  /** What was gathered: float32 (pixel), NaN where no frame has a value. */
  finish(): Float32Array {
    const [counts, isMean] = [this.#counts, this.#over === 'mean'];
    return Float32Array.from(this.#values, (value, i) =>
      counts[i] === 0 ? Number.NaN : isMean ? value / counts[i] : value,
    );
  }
}

/** How curves are stood behind each other: shifts from the first to the last, as shares of the plot. */
export interface StackTilt {
  /** To the right; negative: to the left. */
  readonly across: number;
  /** Upwards. */
  readonly up: number;
}

/** Where a stack is drawn, px. */
export interface StackBox {
  readonly width: number;
  readonly height: number;
}

/** Rows of a batch in a plot that looks like a landscape. */
export interface CurveStack {
  /** Rows that are drawn, the first at the front. */
  readonly rows: readonly number[];
  /** Where column `column` of the drawn row `at` with a value is, px from the top left. */
  place(at: number, column: number, value: number): readonly [x: number, y: number];
  /** The drawn row whose ground is nearest to a place. */
  rowAt(x: number, y: number): number;
}

/** Lines nearer than this cannot be told apart. */
const MOST_ROWS = 120;
/** Shares of the box that the ground leaves free for the axis and the labels. */
const BELOW = 22;

/**
 * Places of curves that stand behind each other. @param rows how many there are; of more than 120 some are left out evenly
 * @param columns first and last column of what is shown @param range values from the ground to as high as the plot
 */
export function stackCurves(
  rows: number,
  [first, last]: readonly [number, number],
  range: { readonly low: number; readonly high: number },
  { across, up }: StackTilt,
  { width, height }: StackBox,
): CurveStack {
  const shown = Math.min(MOST_ROWS, rows);
  const picked = Array.from({ length: shown }, (_, i) => Math.floor((i * rows) / shown));
  const depth = Math.max(1, shown - 1);
  const [shiftX, shiftY] = [across * width, up * (height - BELOW)];
  const room = { width: width - Math.abs(shiftX), height: height - BELOW - shiftY };
  const groundOf = (at: number) =>
    [Math.max(0, -shiftX) + (shiftX * at) / depth, height - BELOW - (shiftY * at) / depth] as const;
  return {
    rows: picked,
    place(at, column, value) {
      const [x, y] = groundOf(at);
      const share = (value - range.low) / (range.high - range.low);
      return [x + (room.width * (column - first)) / Math.max(1, last - first), y - room.height * Math.max(0, share)];
    },
    rowAt(_x, y) {
      const share = shiftY > 0 ? (height - BELOW - y) / shiftY : 0;
      return picked[Math.round(Math.min(1, Math.max(0, share)) * (shown - 1))] ?? 0;
    },
  };
}

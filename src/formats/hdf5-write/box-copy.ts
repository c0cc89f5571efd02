/** A box of one array and where it lies in it. */
export interface BoxPlace {
  readonly bytes: Uint8Array;
  /** Shape of the whole array. */
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** Copies a box of `count` elements from one array to another; whole runs of the last axes at a time. */
export function copyBox(from: BoxPlace, to: BoxPlace, count: readonly number[], itemSize: number): void {
  const rank = count.length;
  if (count.includes(0)) return;
  // Axes behind `inner` are whole in both arrays, so that one run covers them.
  let inner = rank - 1;
  let run = itemSize * (rank > 0 ? count[rank - 1] : 1);
  while (inner > 0 && count[inner] === from.shape[inner] && count[inner] === to.shape[inner]) {
    inner--;
    run *= count[inner];
  }
  const fromStrides = strides(from.shape, itemSize);
  const toStrides = strides(to.shape, itemSize);
  let fromAt = 0;
  let toAt = 0;
  for (let axis = 0; axis < rank; axis++) {
    fromAt += from.start[axis] * fromStrides[axis];
    toAt += to.start[axis] * toStrides[axis];
  }
  const position = new Array<number>(Math.max(0, inner)).fill(0);
  for (;;) {
    to.bytes.set(from.bytes.subarray(fromAt, fromAt + run), toAt);
    let axis = inner - 1;
    for (; axis >= 0; axis--) {
      fromAt += fromStrides[axis];
      toAt += toStrides[axis];
      if (++position[axis] < count[axis]) break;
      fromAt -= count[axis] * fromStrides[axis];
      toAt -= count[axis] * toStrides[axis];
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function strides(shape: readonly number[], itemSize: number): number[] {
  const found = new Array<number>(shape.length);
  let stride = itemSize;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found[axis] = stride;
    stride *= shape[axis];
  }
  return found;
}

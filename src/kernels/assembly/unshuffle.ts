// Undoing HDF5's shuffle filter in AssemblyScript: byte k of all elements stands together. See ../wasm-unshuffle.ts.
// A part of the elements at a time: `from` is where the first of them has its byte 0, `plane` how far it is to its byte 1.

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function lowPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function highPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

// @ts-ignore: decorator
@inline
function lowFours(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function highFours(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}

/** The elements from `done` on, byte by byte. */
function rest(from: usize, plane: usize, count: usize, width: usize, to: usize, done: usize): void {
  for (let i = done; i < count; i++) {
    for (let k: usize = 0; k < width; k++) store<u8>(to + i * width + k, load<u8>(from + k * plane + i));
  }
}

/** Elements of two bytes, 16 at a time. */
export function unshuffle2(from: usize, plane: usize, count: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const a = v128.load(from + i);
    const b = v128.load(from + plane + i);
    const o = to + (i << 1);
    v128.store(o, low(a, b));
    v128.store(o, high(a, b), 16);
  }
  rest(from, plane, count, 2, to, i);
}

/** Elements of four bytes, 16 at a time. */
export function unshuffle4(from: usize, plane: usize, count: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const p = from + i;
    const a = v128.load(p);
    const b = v128.load(p + plane);
    const c = v128.load(p + 2 * plane);
    const d = v128.load(p + 3 * plane);
    const abLow = low(a, b);
    const abHigh = high(a, b);
    const cdLow = low(c, d);
    const cdHigh = high(c, d);
    const o = to + (i << 2);
    v128.store(o, lowPairs(abLow, cdLow));
    v128.store(o, highPairs(abLow, cdLow), 16);
    v128.store(o, lowPairs(abHigh, cdHigh), 32);
    v128.store(o, highPairs(abHigh, cdHigh), 48);
  }
  rest(from, plane, count, 4, to, i);
}

/** Elements of eight bytes, 16 at a time: two halves of four planes each, joined. */
export function unshuffle8(from: usize, plane: usize, count: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const p = from + i;
    const q = p + 4 * plane;
    const a = v128.load(p);
    const b = v128.load(p + plane);
    const c = v128.load(p + 2 * plane);
    const d = v128.load(p + 3 * plane);
    const e = v128.load(q);
    const f = v128.load(q + plane);
    const g = v128.load(q + 2 * plane);
    const h = v128.load(q + 3 * plane);
    const abLow = low(a, b);
    const abHigh = high(a, b);
    const cdLow = low(c, d);
    const cdHigh = high(c, d);
    const efLow = low(e, f);
    const efHigh = high(e, f);
    const ghLow = low(g, h);
    const ghHigh = high(g, h);
    const o = to + (i << 3);
    let first = lowPairs(abLow, cdLow);
    let second = lowPairs(efLow, ghLow);
    v128.store(o, lowFours(first, second));
    v128.store(o, highFours(first, second), 16);
    first = highPairs(abLow, cdLow);
    second = highPairs(efLow, ghLow);
    v128.store(o, lowFours(first, second), 32);
    v128.store(o, highFours(first, second), 48);
    first = lowPairs(abHigh, cdHigh);
    second = lowPairs(efHigh, ghHigh);
    v128.store(o, lowFours(first, second), 64);
    v128.store(o, highFours(first, second), 80);
    first = highPairs(abHigh, cdHigh);
    second = highPairs(efHigh, ghHigh);
    v128.store(o, lowFours(first, second), 96);
    v128.store(o, highFours(first, second), 112);
  }
  rest(from, plane, count, 8, to, i);
}

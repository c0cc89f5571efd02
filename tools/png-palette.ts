// Makes a PNG small: 256 colours instead of 16 million. A picture of the screen with a detector image on it needs no more.
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
  return out;
}

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Rows of bytes without their filters. @source PNG specification, section 9 */
function unfilter(raw: Buffer, stride: number, rows: number, pixelBytes: number): Buffer {
  const out = Buffer.alloc(stride * rows);
  for (let y = 0; y < rows; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= pixelBytes ? out[at - pixelBytes] : 0;
      const up = y > 0 ? out[at - stride] : 0;
      const corner = x >= pixelBytes && y > 0 ? out[at - stride - pixelBytes] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[at] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return out;
}

const SHIFTS = [16, 8, 0] as const;

/** The channel in which colours differ most, and by how much. */
function widest(colours: readonly number[]): { shift: number; low: number; high: number } {
  return SHIFTS.map((shift) => {
    const values = colours.map((key) => (key >> shift) & 255);
    return { shift, low: Math.min(...values), high: Math.max(...values) };
  }).reduce((best, each) => (each.high - each.low > best.high - best.low ? each : best));
}

/**
 * Splits the colours into boxes that are as small as possible, however often a colour occurs: a lamp of ten pixels keeps its
 * colour beside a million pixels of noise. @param counts colour -> pixels
 */
function choosePalette(counts: ReadonlyMap<number, number>): { palette: number[]; indexOf: Map<number, number> } {
  const boxOf = (colours: readonly number[]) => ({ colours, ...widest(colours) });
  const boxes = [boxOf([...counts.keys()])];
  while (boxes.length < COLOURS) {
    const largest = boxes.reduce((best, each) => (each.high - each.low > best.high - best.low ? each : best));
    if (largest.high === largest.low) break;
    const middle = (largest.high + largest.low) / 2;
    const isLow = (key: number) => ((key >> largest.shift) & 255) <= middle;
    boxes.splice(
      boxes.indexOf(largest),
      1,
      boxOf(largest.colours.filter(isLow)),
      boxOf(largest.colours.filter((key) => !isLow(key))),
    );
  }
  const indexOf = new Map<number, number>();
  const palette = boxes.map(({ colours }, index) => {
    for (const key of colours) indexOf.set(key, index);
    return colours.reduce((best, key) => ((counts.get(key) ?? 0) > (counts.get(best) ?? 0) ? key : best));
  });
  return { palette, indexOf };
}

/** The same picture with a palette. @param png 8 bits a channel, RGB or RGBA, not interlaced */
export function withPalette(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const header = chunks[0].data;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixelBytes = header[9] === 6 ? 4 : 3;
  const raw = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)));
  const bytes = unfilter(raw, width * pixelBytes, height, pixelBytes);
  const keyAt = (pixel: number) => bytes.readUIntBE(pixel * pixelBytes, 3);
  const counts = new Map<number, number>();
  for (let pixel = 0; pixel < width * height; pixel++) counts.set(keyAt(pixel), (counts.get(keyAt(pixel)) ?? 0) + 1);
  const { palette, indexOf } = choosePalette(counts);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = indexOf.get(keyAt(y * width + x)) ?? 0;
    }
  const plain = Buffer.from(header);
  plain[9] = 3;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', plain),
    chunk('PLTE', Buffer.from(palette.flatMap((key) => [key >> 16, (key >> 8) & 255, key & 255]))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

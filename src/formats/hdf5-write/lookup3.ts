/** Rotation to the left by `k` bits. */
function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/**
 * The checksum of HDF5's newer structures: Bob Jenkins' lookup3 (`hashlittle`, initial value 0).
 * @source HDF5 File Format Specification 3.0; lookup3.c, public domain, 2006
 */
export function lookup3(bytes: Uint8Array): number {
  let length = bytes.length;
  let a = (0xdeadbeef + length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  const word = (i: number) => bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
  while (length > 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
    at += 12;
    length -= 12;
  }
  if (length === 0) return c >>> 0;
  // The last block, 1 to 12 bytes, as if zeros followed.
  const last = new Uint8Array(12);
  last.set(bytes.subarray(at));
  const tail = (i: number) => last[i] | (last[i + 1] << 8) | (last[i + 2] << 16) | (last[i + 3] << 24);
  a = (a + tail(0)) | 0;
  b = (b + tail(4)) | 0;
  c = (c + tail(8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

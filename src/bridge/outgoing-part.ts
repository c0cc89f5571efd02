import { joinPieces } from '../formats/msgpack-encode.ts';

/** A part to send: its bytes, or its pieces, which come out of the wire as one part. Neither is copied where it can be helped. */
export type OutgoingPart = Uint8Array | readonly Uint8Array[];

/** Parts of one piece each; only those that had several are copied. */
export function wholeParts(parts: readonly OutgoingPart[]): Uint8Array[] {
  return parts.map((part) => (part instanceof Uint8Array ? part : joinPieces(part)));
}

/** Bytes of a part. */
export function partLength(part: OutgoingPart): number {
  return part instanceof Uint8Array ? part.length : part.reduce((sum, { length }) => sum + length, 0);
}

/** Whether the first bytes of a part are these. */
export function beginsWith(part: OutgoingPart, start: Uint8Array): boolean {
  let at = 0;
  for (const piece of part instanceof Uint8Array ? [part] : part) {
    const count = Math.min(piece.length, start.length - at);
    for (let i = 0; i < count; i++) if (piece[i] !== start[at + i]) return false;
    at += count;
    if (at === start.length) return true;
  }
  return at === start.length;
}

import type { Cursor } from './cursor.ts';
import { decodeText } from './text.ts';

/** What a name in a group leads to. */
export type Link =
  | { readonly kind: 'hard'; readonly address: number }
  | { readonly kind: 'soft'; readonly target: string }
  | { readonly kind: 'external'; readonly file: string; readonly target: string };

/** Reads a link message. @throws FormatInvalid. @source HDF5 File Format Specification 3.0, IV.A.2.g */
export function readLink(cursor: Cursor): { readonly name: string; readonly link: Link } {
  cursor.version('a link', 1);
  const flags = cursor.u8();
  const kind = flags & 8 ? cursor.u8() : 0;
  if (flags & 4) cursor.skip(8); // creation order
  if (flags & 16) cursor.skip(1); // character set: UTF-8 holds ASCII
  const name = decodeText(cursor.bytes(cursor.uint(1 << (flags & 3))));
  if (kind === 0) return { name, link: { kind: 'hard', address: cursor.address() } };
  const value = cursor.bytes(cursor.u16());
  if (kind === 1) return { name, link: { kind: 'soft', target: decodeText(value) } };
  const [file = '', target = ''] = decodeText(value.subarray(1)).split('\0');
  return { name, link: { kind: 'external', file, target } };
}

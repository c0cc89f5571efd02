import type { MsgpackMap, MsgpackValue } from './msgpack.ts';

/** How messages may be laid out; 2.0 and 2.1 are 2.2 with the metadata among the data. */
export const BRIDGE_PROTOCOLS = ['1.0', '2.0', '2.1', '2.2'] as const;
/** How a message is laid out. */
export type BridgeProtocol = (typeof BRIDGE_PROTOCOLS)[number];

/** One array as it is on the wire. */
export interface BridgeArray {
  readonly path: string;
  /** numpy's text for the dtype: `float32`, `>u2`, `<U4`, `|S8`; of records a list of fields, `[('a', '<i4')]`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** C-order bytes, in the byte order that `dtype` says (else the sender's: little-endian); a view on the message. */
  readonly bytes: Uint8Array;
  /** Of records, which only protocol 1.0 has: the fields as they are on the wire. */
  readonly fields?: MsgpackValue;
}

/** What a message says of one source. */
export interface BridgeSource {
  readonly source: string;
  /** From the header, in protocol 1.0 from beside the data; null where it has none (protocol 2.0, 2.1). */
  readonly metadata: MsgpackMap | null;
  /** Plain values. In protocol 1.0 numpy's values inside (`bridge-numpy.ts`) are the maps that they are on the wire. */
  readonly data: MsgpackMap;
  readonly arrays: readonly BridgeArray[];
  /** Keys of the data, of the arrays and `metadata` in their common order, which only protocol 1.0 tells. */
  readonly order?: readonly string[];
}

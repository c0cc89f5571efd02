import { MessageInvalid, StateInvalid } from '../core/errors.ts';
import { whyNotReceived, wireItemSize } from './bridge-dtype.ts';
import { decodeMessageV1, encodeMessageV1, isMessageV1 } from './bridge-message-v1.ts';
import { elementsOf, MAX_RANK, numpyOf, plainValue } from './bridge-numpy.ts';
import { BRIDGE_PROTOCOLS, type BridgeArray, type BridgeProtocol, type BridgeSource } from './bridge-source.ts';
import { decodeMsgpack, type MsgpackLimits, MsgpackMap, type MsgpackValue } from './msgpack.ts';
import { encodeMsgpack, joinPieces } from './msgpack-encode.ts';

const invalid = (part: number, why: string, details: object = {}) =>
  new MessageInvalid(`Bridge message, part ${part}: ${why}.`, { part, ...details });

/** Says in which part of the message something is wrong. */
function inPart<T>(part: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof MessageInvalid)) throw cause;
    throw new MessageInvalid(`Bridge message, part ${part}: ${cause.message}`, { part, ...cause.details }, { cause });
  }
}

function textField(header: MsgpackMap, field: string, part: number): string {
  const value = header.get(field);
  if (typeof value !== 'string')
    throw invalid(part, `the header has ${value === undefined ? 'no' : 'a wrong'} "${field}" (text expected)`);
  return value;
}

function shapeField(header: MsgpackMap, part: number): number[] {
  const shape = header.get('shape');
  if (!Array.isArray(shape)) throw invalid(part, 'the header has no "shape" list');
  if (shape.length > MAX_RANK) throw invalid(part, `${shape.length} dimensions, ${MAX_RANK} are allowed`);
  return shape.map((length) => {
    if (typeof length !== 'bigint' || length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
      const got = typeof length === 'number' ? `the float ${length}` : String(length);
      throw invalid(part, `an axis length is ${got}, a whole number >= 0 is needed`);
    }
    return Number(length);
  });
}

function readArray(header: MsgpackMap, bytes: Uint8Array, part: number): BridgeArray {
  const dtype = textField(header, 'dtype', part);
  const itemSize = wireItemSize(dtype);
  if (itemSize === null) throw invalid(part, `dtype "${dtype}" cannot be received (${whyNotReceived(dtype)})`);
  const shape = shapeField(header, part);
  // BigInt: a hostile shape must not overflow into a size that fits.
  const expected = shape.reduce((product, length) => product * BigInt(length), BigInt(itemSize));
  if (expected !== BigInt(bytes.length))
    throw invalid(part + 1, `array ${dtype} [${shape}] needs ${expected} bytes, got ${bytes.length}`);
  return { path: textField(header, 'path', part), dtype, shape, bytes };
}

interface SourceDraft {
  metadata: MsgpackMap | null;
  data: MsgpackMap;
  arrays: BridgeArray[];
}

/**
 * Reads a message of any protocol: one part is 1.0, pairs of header and data are 2.2 (also 2.0 and 2.1). No array is copied.
 * @param parts the parts of one ZeroMQ message @param limits of msgpack: nesting, number of values
 * @throws MessageInvalid with `part` and, inside msgpack, `offset`; with the text that a server sent instead of a message
 * @source Karabo bridge protocols 1.0 and 2.2
 */
export function decodeBridgeMessage(parts: readonly Uint8Array[], limits: MsgpackLimits = {}): BridgeSource[] {
  if (parts.length === 0) throw invalid(0, 'the message is empty');
  if (parts.length === 1) return decodeSinglePart(parts[0], limits);
  if (parts.length % 2 !== 0) throw invalid(parts.length - 1, `${parts.length} parts; headers and data come in pairs`);
  const options = { ...limits, keys: 'text' } as const;
  const sources = new Map<string, SourceDraft>();
  for (let part = 0; part < parts.length; part += 2) {
    const header = inPart(part, () => decodeMsgpack(parts[part], options));
    if (!(header instanceof MsgpackMap)) throw invalid(part, 'the header is not a map');
    const source = textField(header, 'source', part);
    const content = textField(header, 'content', part);
    if (content === 'msgpack') {
      const data = inPart(part + 1, () => decodeMsgpack(parts[part + 1], options));
      if (!(data instanceof MsgpackMap)) throw invalid(part + 1, `the data of ${source} is not a map`);
      const metadata = header.get('metadata');
      if (metadata !== undefined && !(metadata instanceof MsgpackMap))
        throw invalid(part, `the metadata of ${source} is not a map`);
      // A second one of the same source starts it anew, as Python's dict assignment does.
      sources.set(source, { metadata: metadata ?? null, data, arrays: [] });
    } else if (content === 'array' || content === 'ImageData') {
      const draft = sources.get(source);
      if (!draft) throw invalid(part, `an array of ${source} comes before the source itself`);
      draft.arrays.push(readArray(header, parts[part + 1], part));
    } else {
      throw invalid(part, `content "${content}" is unknown (msgpack or array expected)`);
    }
  }
  return [...sources].map(([source, draft]) => ({ source, ...draft }));
}

/** A single part is a server's complaint in plain text, or the older protocol. */
function decodeSinglePart(part: Uint8Array, limits: MsgpackLimits): BridgeSource[] {
  if (isMessageV1(part)) return inPart(0, () => decodeMessageV1(part, limits));
  const text = new TextDecoder().decode(part.slice(0, 500)).trim();
  // U+FFFD stands for bytes that are no text, or for a character cut at byte 500.
  if (/^[^\p{C}\ufffd]{3,}\ufffd?$/u.test(text) && !text.startsWith('\ufffd'))
    throw new MessageInvalid(`The bridge server says: ${text}`, { part: 0, text });
  throw invalid(0, 'it is the only one, and no bridge message. Check that the endpoint is a Karabo bridge');
}

/** How messages are written. */
export interface EncodeOptions {
  /** 2.2 unless it says otherwise. */
  readonly protocol?: BridgeProtocol;
}

/**
 * Writes a message. In protocol 2 arrays are handed on as they are, not copied; 1.0 copies everything into its one part. The
 * order of sources and keys is kept (Python's server sorts its sources by name in 2.2: sort before if bytes must be equal).
 * @returns the parts of one ZeroMQ message; none in protocol 2 if there is no source
 * @throws MessageInvalid for integers beyond 64 bits, StateInvalid for an unknown protocol
 */
export function encodeBridgeMessage(sources: readonly BridgeSource[], options: EncodeOptions = {}): Uint8Array[] {
  return encodeBridgePieces(sources, options).map((part) => (part instanceof Uint8Array ? part : joinPieces(part)));
}

/**
 * As {@link encodeBridgeMessage}, but the one part of protocol 1.0 comes in pieces, so that there, too, no array is copied.
 * @returns the parts of one ZeroMQ message; one that is a list is its pieces, to be sent one after another
 * @throws MessageInvalid for integers beyond 64 bits, StateInvalid for an unknown protocol
 */
export function encodeBridgePieces(
  sources: readonly BridgeSource[],
  { protocol = '2.2' }: EncodeOptions = {},
): (Uint8Array | Uint8Array[])[] {
  if (protocol === '1.0') return [encodeMessageV1(sources)];
  if (!BRIDGE_PROTOCOLS.includes(protocol))
    throw new StateInvalid(`Unknown protocol "${protocol}": choose ${BRIDGE_PROTOCOLS.join(', ')}.`, {
      field: 'protocol',
    });
  return sources.flatMap((each) => {
    const { source, metadata, data, arrays } = isNumpyInside(each) ? withoutNumpy(each) : each;
    const isInHeader = protocol === '2.2';
    return [
      encodeMsgpack(
        new MsgpackMap([
          ['source', source],
          ['content', 'msgpack'],
          ...(metadata && isInHeader ? ([['metadata', metadata]] as const) : []),
        ]),
      ),
      encodeMsgpack(metadata && !isInHeader ? withMetadata(data, metadata) : data),
      ...arrays.flatMap(({ path, dtype, shape, bytes, fields }) => [
        encodeMsgpack(
          new MsgpackMap([
            ['source', source],
            ['content', 'array'],
            ['path', path],
            // Python's client cannot read the text of a record's dtype, but it can read the bytes of each.
            ['dtype', fields === undefined ? dtype : recordDtype(shape, bytes)],
            ['shape', shape.map(BigInt)],
          ]),
        ),
        bytes,
      ]),
    ];
  });
}

function withMetadata(data: MsgpackMap, metadata: MsgpackMap): MsgpackMap {
  return new MsgpackMap([...data.entries.filter(([key]) => key !== 'metadata'), ['metadata', metadata]]);
}

function recordDtype(shape: readonly number[], bytes: Uint8Array): string {
  const count = shape.reduce((product, length) => product * length, 1);
  return `|V${count === 0 ? 1 : bytes.length / count}`;
}

/** Numpy's values are inside the data of protocol 1.0 only, and that has an order. */
function isNumpyInside({ order, data, metadata }: BridgeSource): boolean {
  return (
    order !== undefined &&
    [...data.entries, ...(metadata?.entries ?? [])].some(([, value]) => typeof value === 'object')
  );
}

/** Protocol 2 has numpy's values as arrays of a source only: complex numbers become such, all others plain values. */
function withoutNumpy(source: BridgeSource): BridgeSource {
  const scalars: [MsgpackValue, MsgpackValue][] = [];
  const arrays: BridgeArray[] = [...source.arrays];
  for (const [key, value] of source.data.entries) {
    const numpy = value instanceof MsgpackMap && typeof key === 'string' ? numpyOf(value) : null;
    if (numpy?.kind === 'complex') {
      const bytes = new Uint8Array(new Float64Array(numpy.parts).buffer);
      arrays.push({ path: String(key), dtype: 'complex128', shape: [], bytes });
    } else if (numpy && (/^[<>]?c/.test(numpy.array.dtype) || !elementsOf(numpy.array)))
      arrays.push({ path: String(key), ...numpy.array });
    else scalars.push([key, plainValue(value)]);
  }
  const metadata = source.metadata && (plainValue(source.metadata) as MsgpackMap);
  return { ...source, metadata, data: new MsgpackMap(scalars), arrays };
}

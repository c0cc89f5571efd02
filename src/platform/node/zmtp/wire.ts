import { type OutgoingPart, partLength } from '../../../bridge/outgoing-part.ts';
import { MessageInvalid } from '../../../core/errors.ts';

/** Bytes of a greeting. */
export const GREETING_BYTES = 64;

/** Our greeting: ZMTP 3.0, NULL mechanism. 3.0 and not 3.1, so that subscribers send plain subscription messages. */
export const GREETING = (() => {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.set(new TextEncoder().encode('NULL'), 12);
  return bytes;
})();

/** Which sockets may talk to each other. */
const PARTNERS: Readonly<Record<string, readonly string[]>> = {
  REQ: ['REP', 'ROUTER'],
  REP: ['REQ', 'DEALER'],
  SUB: ['PUB', 'XPUB'],
  PUB: ['SUB', 'XSUB'],
  PULL: ['PUSH'],
  PUSH: ['PULL'],
};

/** Text of a peer for a message to people: short, and nothing that a terminal would obey. */
function printable(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 200)).replace(/[^\x20-\x7e]/g, '?');
}

const OLD = 'version 3 (ZeroMQ 4 or newer) is needed: bring the bridge up to date.';

/**
 * Checks as much of the peer's greeting as has come. A stranger is found out by its first byte and an old peer by its
 * eleventh: neither ever sends the 64 that a new one does.
 * @throws MessageInvalid for anything but ZMTP 3 without security
 */
export function checkGreeting(greeting: Uint8Array): void {
  if (greeting.length === 0) return;
  // ZMTP 1.0 has no signature: it begins with an empty identity, a frame of one byte.
  if (greeting[0] === 1 && (greeting.length === 1 || greeting[1] === 0)) {
    if (greeting.length > 1) throw new MessageInvalid(`The peer speaks ZMTP 1.0 (ZeroMQ 2 or older); ${OLD}`);
    return;
  }
  if (greeting[0] !== 0xff || (greeting.length > 9 && greeting[9] !== 0x7f)) {
    throw new MessageInvalid(
      'The peer does not speak ZeroMQ: its first bytes are no ZMTP greeting. Is this the port of another program?',
      { offset: 0 },
    );
  }
  if (greeting.length > 10 && greeting[10] < 3) {
    const version = greeting[10] === 0 ? '1.0' : '2.0';
    throw new MessageInvalid(`The peer speaks ZMTP ${version}; ${OLD}`, { offset: 10 });
  }
  if (greeting.length < GREETING_BYTES) return;
  const mechanism = printable(greeting.subarray(12, 32)).replace(/\?+$/, '');
  if (mechanism !== 'NULL')
    throw new MessageInvalid(
      `The peer asks for ${mechanism} security; a Karabo bridge uses none. Switch it off there, or check the endpoint.`,
      { offset: 12 },
    );
}

/** A command as one frame. @param body at most 200 bytes */
export function commandFrame(name: string, body: Uint8Array): Uint8Array {
  const encoded = new TextEncoder().encode(name);
  return Uint8Array.of(4, 1 + encoded.length + body.length, encoded.length, ...encoded, ...body);
}

/** The READY command that tells our socket type. */
export function readyCommand(kind: string): Uint8Array {
  const name = 'Socket-Type';
  const body = new Uint8Array(1 + name.length + 4 + kind.length);
  body[0] = name.length;
  body.set(new TextEncoder().encode(name), 1);
  new DataView(body.buffer).setUint32(1 + name.length, kind.length);
  body.set(new TextEncoder().encode(kind), 5 + name.length);
  return commandFrame('READY', body);
}

/** Checks the peer's READY command. @throws MessageInvalid if its socket type does not go with ours */
export function checkReady(kind: string, name: string, body: Uint8Array): void {
  if (name === 'ERROR')
    throw new MessageInvalid(
      `The peer refused the connection: "${printable(body.subarray(1))}". Is it a Karabo bridge?`,
    );
  if (name !== 'READY')
    throw new MessageInvalid(
      `The peer sent the command ${printable(new TextEncoder().encode(name))} where READY was due. Is it a Karabo bridge?`,
    );
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at + 1 <= body.length; ) {
    const nameEnd = at + 1 + body[at];
    if (nameEnd + 4 > body.length) break;
    const valueEnd = nameEnd + 4 + view.getUint32(nameEnd);
    if (printable(body.subarray(at + 1, nameEnd)).toLowerCase() === 'socket-type') {
      const peer = printable(body.subarray(nameEnd + 4, valueEnd));
      if (PARTNERS[kind]?.includes(peer)) return;
      throw new MessageInvalid(
        `The peer is a ${peer} socket, which does not go with our ${kind}. Choose the socket type that fits the bridge.`,
        { peer, kind },
      );
    }
    at = valueEnd;
  }
  throw new MessageInvalid('The peer did not tell its socket type. Is it a Karabo bridge?');
}

/** Header of one message frame. */
export function frameHeader(length: number, hasMore: boolean): Uint8Array {
  const more = hasMore ? 1 : 0;
  if (length < 256) return Uint8Array.of(more, length);
  const header = new Uint8Array(9);
  header[0] = more | 2;
  new DataView(header.buffer).setBigUint64(1, BigInt(length));
  return header;
}

/** From here on it costs less to write a piece by itself than to copy it, bytes. */
const LARGE_PIECE = 16_384;

/**
 * The pieces of a message in the order of writing: small ones joined, large ones as they are.
 * @param envelope frames that go before the message: REQ and REP part the two with an empty one
 */
export function messagePieces(parts: readonly OutgoingPart[], envelope: readonly Uint8Array[] = []): Uint8Array[] {
  const frames = [...envelope, ...parts];
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = () => {
    if (small.length === 0) return;
    const joined = new Uint8Array(small.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of small) {
      joined.set(piece, at);
      at += piece.length;
    }
    pieces.push(joined);
    small = [];
  };
  for (const [i, frame] of frames.entries()) {
    small.push(frameHeader(partLength(frame), i < frames.length - 1));
    for (const piece of frame instanceof Uint8Array ? [frame] : frame) {
      if (piece.length >= LARGE_PIECE) {
        flush();
        pieces.push(piece);
      } else small.push(piece);
    }
  }
  flush();
  return pieces;
}

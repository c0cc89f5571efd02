import { MessageInvalid } from '../../../core/errors.ts';

/** Our greeting: ZMTP 3.0, NULL mechanism. 3.0 and not 3.1, so that subscribers send plain subscription messages. */
export const GREETING = (() => {
  const bytes = new Uint8Array(64);
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

/** Checks the peer's greeting. @throws MessageInvalid for older ZeroMQ or another security mechanism */
export function checkGreeting(greeting: Uint8Array): void {
  if (greeting[10] < 3)
    throw new MessageInvalid(`The peer speaks ZMTP ${greeting[10]}; version 3 (ZeroMQ 4 or newer) is needed.`);
  const mechanism = String.fromCharCode(...greeting.subarray(12, 32)).replace(/\0+$/, '');
  if (mechanism !== 'NULL')
    throw new MessageInvalid(`The peer asks for ${mechanism} security; a Karabo bridge uses none.`);
}

/** The READY command that tells our socket type. */
export function readyCommand(kind: string): Uint8Array {
  const encode = (text: string) => new TextEncoder().encode(text);
  const name = 'Socket-Type';
  const body = new Uint8Array(6 + 1 + name.length + 4 + kind.length);
  body[0] = 5;
  body.set(encode('READY'), 1);
  body[6] = name.length;
  body.set(encode(name), 7);
  new DataView(body.buffer).setUint32(7 + name.length, kind.length);
  body.set(encode(kind), 11 + name.length);
  return Uint8Array.of(4, body.length, ...body);
}

/** Checks the peer's READY command. @throws MessageInvalid if its socket type does not go with ours */
export function checkReady(kind: string, name: string, body: Uint8Array): void {
  if (name === 'ERROR')
    throw new MessageInvalid(`The peer refused the connection: ${String.fromCharCode(...body.subarray(1))}`);
  if (name !== 'READY') throw new MessageInvalid(`The peer sent the command ${name} where READY was due.`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at + 1 <= body.length; ) {
    const nameEnd = at + 1 + body[at];
    if (nameEnd + 4 > body.length) break;
    const valueEnd = nameEnd + 4 + view.getUint32(nameEnd);
    if (String.fromCharCode(...body.subarray(at + 1, nameEnd)).toLowerCase() === 'socket-type') {
      const peer = String.fromCharCode(...body.subarray(nameEnd + 4, valueEnd));
      if (PARTNERS[kind]?.includes(peer)) return;
      throw new MessageInvalid(
        `The peer is a ${peer} socket, which does not go with our ${kind}. Choose the socket type that fits the bridge.`,
        { peer, kind },
      );
    }
    at = valueEnd;
  }
  throw new MessageInvalid('The peer did not tell its socket type.');
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

/** The pieces of a message in the order of writing: small ones joined, large ones as they are. */
export function messagePieces(parts: readonly Uint8Array[], hasEnvelope: boolean): Uint8Array[] {
  const frames = hasEnvelope ? [new Uint8Array(0), ...parts] : parts;
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
    small.push(frameHeader(frame.length, i < frames.length - 1));
    if (frame.length >= 16_384) {
      flush();
      pieces.push(frame);
    } else small.push(frame);
  }
  flush();
  return pieces;
}

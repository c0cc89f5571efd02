import type { ReceivedMessage } from '../../../bridge/socket.ts';
import { MessageInvalid } from '../../../core/errors.ts';
import type { Lease } from '../../../core/lease.ts';
import { GREETING_BYTES } from './wire.ts';

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
/** Parts from this size on are read straight into memory of their own. */
const LARGE = 65_536;
/** Commands of the handshake are short; a long one is hostile. */
const MAX_COMMAND = 4096;

/** What the reader tells the session. */
export interface FrameEvents {
  /** What has come of the greeting, again and again until it is whole: a wrong one is found out early. */
  onGreetingPart(greeting: Uint8Array): void;
  /** The greeting is whole. */
  onGreeting(): void;
  onCommand(name: string, body: Uint8Array): void;
  onMessage(message: ReceivedMessage): void;
}

/** Bounds on what a peer may send. */
export interface FrameLimits {
  /** All parts of a message together. */
  readonly maxMessageBytes: number;
  readonly maxParts: number;
  /** Asked for memory for each part from 64 KiB on. */
  readonly allocate?: (byteLength: number) => Lease | undefined;
}

interface Body {
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly lease: Lease | undefined;
  filled: number;
}

/**
 * Reads the ZMTP 3.0 byte stream. It says where the next bytes should go ({@link target}), so that a large part is read from
 * the socket straight into its final memory, and takes note of how many came ({@link advance}).
 * @source ZMTP 3.0 (rfc.zeromq.org/spec/23)
 */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #limits: FrameLimits;
  readonly #scratch = new Uint8Array(LARGE);
  readonly #view = new DataView(this.#scratch.buffer);
  #start = 0;
  #end = 0;
  #hasGreeting = false;
  #body: Body | null = null;
  #isDirect = false;
  #parts: Uint8Array[] = [];
  #leases: Lease[] = [];
  #messageBytes = 0;

  constructor(events: FrameEvents, limits: FrameLimits) {
    this.#events = events;
    this.#limits = limits;
  }

  /** Where the next bytes of the stream go; never empty. */
  target(): Uint8Array {
    const body = this.#body;
    this.#isDirect = body !== null && this.#start === this.#end;
    if (body && this.#isDirect) return body.bytes.subarray(body.filled);
    if (this.#end === this.#scratch.length) {
      this.#scratch.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#scratch.subarray(this.#end);
  }

  /** Takes note of `count` bytes that were put into {@link target}. @throws MessageInvalid if the peer breaks the protocol */
  advance(count: number): void {
    if (this.#isDirect && this.#body) {
      this.#body.filled += count;
      if (this.#body.filled === this.#body.bytes.length) this.#finishBody(this.#body);
      return;
    }
    this.#end += count;
    while (this.#step());
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** Hands back the memory of a message that will never be complete. */
  abandon(): void {
    this.#body?.lease?.release();
    for (const lease of this.#leases) lease.release();
    this.#body = null;
    this.#leases = [];
    this.#parts = [];
  }

  /** Does one thing with the bytes at hand; false when more are needed. */
  #step(): boolean {
    const available = this.#end - this.#start;
    if (!this.#hasGreeting) return this.#greeting(available);
    if (this.#body) {
      const { bytes } = this.#body;
      const count = Math.min(available, bytes.length - this.#body.filled);
      bytes.set(this.#scratch.subarray(this.#start, this.#start + count), this.#body.filled);
      this.#start += count;
      this.#body.filled += count;
      if (this.#body.filled < bytes.length) return false;
      this.#finishBody(this.#body);
      return true;
    }
    return this.#header(available);
  }

  #greeting(available: number): boolean {
    const greeting = this.#scratch.subarray(this.#start, this.#start + Math.min(available, GREETING_BYTES));
    this.#events.onGreetingPart(greeting);
    if (available < GREETING_BYTES) return false;
    this.#start += GREETING_BYTES;
    this.#hasGreeting = true;
    this.#events.onGreeting();
    return true;
  }

  #header(available: number): boolean {
    if (available < 2) return false;
    const flags = this.#scratch[this.#start];
    if (flags & ~(MORE | LONG | COMMAND))
      throw new MessageInvalid(`The peer sent a ZMTP frame with flags 0x${flags.toString(16)}.`, { flags });
    const isLong = (flags & LONG) !== 0;
    if (isLong && available < 9) return false;
    const length = isLong ? this.#view.getBigUint64(this.#start + 1) : BigInt(this.#scratch[this.#start + 1]);
    this.#start += isLong ? 9 : 2;
    this.#body = { flags, filled: 0, ...this.#memory(length, (flags & COMMAND) !== 0) };
    if (this.#body.bytes.length === 0) this.#finishBody(this.#body);
    return true;
  }

  /** Memory for a body, after a look at the limits: an announced length is a claim, nothing more. */
  #memory(length: bigint, isCommand: boolean): { bytes: Uint8Array; lease: Lease | undefined } {
    if (isCommand) {
      if (length > MAX_COMMAND)
        throw new MessageInvalid(`The peer sent a command of ${length} bytes; ${MAX_COMMAND} are allowed.`);
      return { bytes: new Uint8Array(Number(length)), lease: undefined };
    }
    const { maxMessageBytes, maxParts, allocate } = this.#limits;
    const total = BigInt(this.#messageBytes) + length;
    if (total > maxMessageBytes)
      throw new MessageInvalid(`The peer announced a message of ${total} bytes; ${maxMessageBytes} are allowed.`, {
        length: Number(total),
      });
    if (this.#parts.length >= maxParts)
      throw new MessageInvalid(`The peer sent more than ${maxParts} parts in a message.`);
    this.#messageBytes = Number(total);
    const lease = length >= LARGE ? allocate?.(Number(length)) : undefined;
    if (lease) return { bytes: lease.bytes, lease };
    try {
      return { bytes: new Uint8Array(Number(length)), lease };
    } catch (cause) {
      // RangeError: the process may not have that much.
      throw new MessageInvalid(`There is no memory for a part of ${length} bytes.`, {}, { cause });
    }
  }

  #finishBody({ flags, bytes, lease }: Body): void {
    this.#body = null;
    if (flags & COMMAND) {
      const nameEnd = 1 + (bytes[0] ?? 0);
      this.#events.onCommand(String.fromCharCode(...bytes.subarray(1, nameEnd)), bytes.subarray(nameEnd));
      return;
    }
    this.#parts.push(bytes);
    if (lease) this.#leases.push(lease);
    if (flags & MORE) return;
    const parts = this.#parts;
    const leases = this.#leases;
    this.#parts = [];
    this.#leases = [];
    this.#messageBytes = 0;
    this.#events.onMessage({
      parts,
      release: () => {
        for (const each of leases) each.release();
      },
    });
  }
}

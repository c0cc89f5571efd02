import type { ReceivedMessage } from '../../../bridge/socket.ts';
import { MessageInvalid } from '../../../core/errors.ts';
import type { Lease } from '../../../core/lease.ts';

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
/** Parts from this size on are read straight into memory of their own. */
const LARGE = 65_536;
const GREETING = 64;

/** What the reader tells the connection. */
export interface FrameEvents {
  /** The peer's 64-byte greeting. */
  onGreeting(greeting: Uint8Array): void;
  onCommand(name: string, body: Uint8Array): void;
  onMessage(message: ReceivedMessage): void;
}

/** Bounds on what a peer may send. */
export interface FrameLimits {
  readonly maxPartBytes: number;
  readonly maxParts: number;
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
    // A program that is not ZeroMQ is found out by its first byte, long before 64 have come.
    if (
      available > 0 &&
      (this.#scratch[this.#start] !== 0xff || (available > 9 && this.#scratch[this.#start + 9] !== 0x7f))
    ) {
      throw new MessageInvalid(
        'The peer does not speak ZeroMQ: its first bytes are no ZMTP greeting. Is this the port of another program?',
        { offset: 0 },
      );
    }
    if (available < GREETING) return false;
    this.#events.onGreeting(this.#scratch.slice(this.#start, this.#start + GREETING));
    this.#start += GREETING;
    this.#hasGreeting = true;
    return true;
  }

  #header(available: number): boolean {
    if (available < 2) return false;
    const flags = this.#scratch[this.#start];
    if (flags & ~(MORE | LONG | COMMAND))
      throw new MessageInvalid(`The peer sent a ZMTP frame with flags 0x${flags.toString(16)}.`, { flags });
    const isLong = (flags & LONG) !== 0;
    if (isLong && available < 9) return false;
    const length = isLong ? Number(this.#view.getBigUint64(this.#start + 1)) : this.#scratch[this.#start + 1];
    if (length > this.#limits.maxPartBytes) {
      throw new MessageInvalid(
        `The peer announced a part of ${length} bytes; ${this.#limits.maxPartBytes} are allowed.`,
        { length },
      );
    }
    if (this.#parts.length >= this.#limits.maxParts)
      throw new MessageInvalid(`The peer sent more than ${this.#limits.maxParts} parts in a message.`);
    this.#start += isLong ? 9 : 2;
    const lease = length >= LARGE && !(flags & COMMAND) ? this.#limits.allocate?.(length) : undefined;
    this.#body = { flags, bytes: lease?.bytes ?? new Uint8Array(length), lease, filled: 0 };
    if (length === 0) this.#finishBody(this.#body);
    return true;
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
    this.#events.onMessage({
      parts,
      release: () => {
        for (const each of leases) each.release();
      },
    });
  }
}

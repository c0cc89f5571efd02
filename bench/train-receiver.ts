// One measured client of bridge.bench.ts, a process of its own, so that its CPU time and memory are those of receiving alone.
// node bench/train-receiver.ts zmtp|zeromq ENDPOINT REQ|SUB|PULL WARM-UP COUNT SECONDS: prints one line of JSON.
import { crc32 } from 'node:zlib';
import * as zeromq from 'zeromq';
import { SlotPool } from '../src/live/slot-pool.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';

const [adapter, endpoint, kind, warmUp, count, seconds] = process.argv.slice(2);
const next = new TextEncoder().encode('next');

interface Message {
  readonly parts: readonly Uint8Array[];
  release(): void;
}

/** Ours, as the live pipeline uses it: two trains of recycled shared memory. */
async function openOurs(): Promise<() => Promise<Message>> {
  const slots = new SlotPool(new Uint8Array(new SharedArrayBuffer(2 ** 30)));
  const socket = await zmtpTransport.connect(endpoint, kind as 'REQ', { allocate: (length) => slots.lend(length) });
  return () => {
    if (kind === 'REQ') socket.send([next]);
    return socket.receive();
  };
}

/** The package zeromq as its manual has it, with the settings of the Karabo bridge. */
async function openZeromq(): Promise<() => Promise<Message>> {
  const options = { linger: 0, receiveHighWaterMark: 1 };
  if (kind === 'REQ') {
    const socket = new zeromq.Request({ ...options, sendHighWaterMark: 1 });
    socket.connect(endpoint);
    return async () => {
      await socket.send(next);
      return { parts: await socket.receive(), release: () => undefined };
    };
  }
  const socket = kind === 'PULL' ? new zeromq.Pull(options) : new zeromq.Subscriber(options);
  if ('subscribe' in socket) socket.subscribe();
  socket.connect(endpoint);
  return async () => ({ parts: await socket.receive(), release: () => undefined });
}

const receive = await (adapter === 'zmtp' ? openOurs() : openZeromq());
let crc = 0;
let bytes = 0;
for (let i = 0; i < Number(warmUp); i++) {
  const { parts, release } = await receive();
  if (i === 0) for (const part of parts.slice(1)) crc = crc32(part, crc);
  release();
}
const numberOf = ({ parts }: Message) => new Float64Array(parts[0].slice().buffer)[0];
const started = performance.now();
const cpu = process.cpuUsage();
let trains = 0;
let missed = 0;
let last: number | null = null;
let peak = 0;
let sampled = 0;
const memory: number[] = [];
while (trains < Number(count) && performance.now() - started < 1000 * Number(seconds)) {
  const message = await receive();
  trains++;
  bytes = message.parts.reduce((sum, { length }) => sum + length, 0);
  const number = numberOf(message);
  if (last !== null) missed += number - last - 1;
  last = number;
  message.release();
  if (performance.now() - sampled > 500) {
    sampled = performance.now();
    memory.push(process.memoryUsage.rss());
    peak = Math.max(peak, memory[memory.length - 1]);
  }
}
const elapsed = (performance.now() - started) / 1000;
const used = process.cpuUsage(cpu);
const cpuMs = (used.user + used.system) / 1000;
const [early, late] = [memory[Math.floor(memory.length / 4)], memory[memory.length - 1]];
console.log(JSON.stringify({ crc, bytes, trains, missed, elapsed, cpuMs, peak, growth: late - early }));
process.exit(0);

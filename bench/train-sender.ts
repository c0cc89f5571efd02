// The other side of bridge.bench.ts, a process of its own: sends trains that were made before, or small messages.
// node bench/train-sender.ts ADAPTER ENDPOINT REP|PUB|PUSH RATE BYTES..: each message has parts of so many bytes.
import { serveMessages } from '../src/bridge/server.ts';
import { openZeromqTransport } from '../src/platform/node/zeromq/zeromq-transport.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';

const [adapter, endpoint, kind, rate, ...sizes] = process.argv.slice(2);
const parts = sizes.map((size, part) => {
  const bytes = new Uint8Array(Math.ceil(Number(size) / 4) * 4);
  const words = new Uint32Array(bytes.buffer);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + part, 0x9e3779b1);
  return bytes.subarray(0, Number(size));
});
const transport = adapter === 'zeromq' ? await openZeromqTransport() : zmtpTransport;
const server = await transport.bind(endpoint, kind as 'REP' | 'PUB' | 'PUSH');
console.log(server.endpoint);
let number = 0;
await serveMessages(
  server,
  kind as 'REP' | 'PUB' | 'PUSH',
  // The number of the message, so that a receiver sees what it missed; with a rate of 0 nobody misses any.
  () => [new Uint8Array(Float64Array.of(number).buffer), ...parts],
  { rate: Number(rate), signal: new AbortController().signal, onSent: () => number++ },
);

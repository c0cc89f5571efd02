import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchReport, timeCalls } from '../../tools/measure.ts';
import { wholeParts } from '../bridge/outgoing-part.ts';
import { makeSyntheticTrains } from '../bridge/synthetic-detector.ts';
import { encodeOutgoing, encodeTrain, trainOfMessage } from '../bridge/train-message.ts';
import { TrainReader } from '../bridge/train-reader.ts';
import { bytesOf, isNdArray } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { SlotPool } from '../live/slot-pool.ts';
import { decodeBridgeMessage } from './bridge-message.ts';

/**
 * Decodes a message of protocol 1.0 as Python's client does: msgpack, and a hook that makes arrays of its maps. Prints the
 * times of each round in ms, and the arrays' sizes so that nothing can be left out.
 */
const PYTHON_READER = `
import sys, time, msgpack, numpy
def hook(value):
    if b'nd' not in value: return value
    if value[b'nd']: return numpy.ndarray(buffer=value[b'data'], dtype=numpy.dtype(value[b'type']), shape=value[b'shape'])
    return numpy.frombuffer(value[b'data'], dtype=numpy.dtype(value[b'type']))[0]
message = open(sys.argv[1], 'rb').read()
for _ in range(int(sys.argv[2])):
    start = time.perf_counter(); cpu = time.process_time()
    sources = msgpack.unpackb(message, raw=False, object_hook=hook)
    print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu),
          sum(v.nbytes for s in sources.values() for v in s.values() if isinstance(v, numpy.ndarray)))
    del sources
`;
const PYTHON = '/usr/bin/python3';

/** Decoding of bridge messages, on one thread: a train of protocol 1.0 against Python's, and control messages of 2.2. */
export async function bench(report: BenchReport): Promise<void> {
  benchFirstProtocol(report);
  benchControl(report);
}

/** 64 pulses of an AGIPD1M as float32: 277 MB in one part. */
function benchFirstProtocol(report: BenchReport): void {
  const options = { detector: 'AGIPD', isRaw: false, values: 'random', layout: 'file', sources: 1 } as const;
  const [train] = makeSyntheticTrains(options, 1);
  const [name] = train.sources.keys();
  // The name decides where in the part the array comes to lie; python never has it aligned, and neither shall we.
  let part: Uint8Array = new Uint8Array();
  for (let padding = 0; padding < 4 && isAligned(part); padding++) {
    const sources = new Map([[`${name}${'x'.repeat(padding)}`, train.sources.get(name) as never]]);
    [part] = encodeTrain({ ...train, sources }, { protocol: '1.0' });
  }
  const size = `${(part.length / 1e6).toFixed(0)} MB`;
  checkEqual(
    trainOfMessage(decodeBridgeMessage([part]), 0, () => {}),
    train,
  );
  // A message that was received and is nobody else's: any of a stream, also the first, or one out of a recording.
  const received = new Uint8Array(part.length);
  const moved = cpuOf(
    () => received.set(part),
    () => trainOfMessage(decodeBridgeMessage([received]), 0, () => {}, { mayWrite: true }),
    (got) => checkEqual(got, train),
  );
  const slots = new SlotPool(new Uint8Array(new SharedArrayBuffer(3 * part.length)));
  const lent = cpuOf(
    () => {},
    () => trainOfMessage(decodeBridgeMessage([part]), 0, () => {}, { allocate: (bytes) => slots.lend(bytes) }),
    (got) => got.release?.(),
  );
  const reader = new TrainReader((bytes) => slots.lend(bytes));
  const place = () => {
    const lease = reader.allocate(part.length);
    if (!lease) throw new Error('no memory');
    lease.bytes.set(part);
    return { parts: [lease.bytes], release: () => lease.release() };
  };
  reader.read(place()).release?.();
  // Received where the last message told, as of any message of a stream but the first.
  const message = place();
  checkEqual(reader.read(message), train);
  const placed = timeCalls(() => reader.read(message));
  message.release();
  const fresh = cpuOf(
    () => {},
    () => trainOfMessage(decodeBridgeMessage([part]), 0, () => {}),
    () => {},
  );
  const python = pythonTimes(part);
  const unit = 'ms';
  report({ name: `protocol 1.0, ${size}: message to train, in its place`, value: placed.best, unit, note: 'best' });
  report({ name: `protocol 1.0, ${size}: message to train, memory lent`, value: lent, unit, note: 'best, CPU' });
  report({
    name: `protocol 1.0, ${size}: message to train, moved in its own memory`,
    value: moved,
    unit,
    note: 'best, CPU',
  });
  report({ name: `protocol 1.0, ${size}: message to train, new memory`, value: fresh, unit, note: 'best, CPU' });
  const note = 'best, CPU; msgpack in C with a hook that makes arrays';
  report({
    name: `protocol 1.0, ${size}: Python`,
    value: python,
    unit,
    note: Number.isNaN(python) ? 'not run: no python3-msgpack' : note,
  });
  const times = (best: number) => ({ value: python / best, unit: 'x' });
  report({ name: 'protocol 1.0: times as fast as Python, in a stream', ...times(placed.best), limit: '>= 2' });
  report({
    name: 'protocol 1.0: times as fast as Python, first of a stream or only one',
    ...times(moved),
    limit: '>= 2',
  });
  report({ name: 'protocol 1.0: times as fast as Python, memory lent', ...times(lent) });
  report({ name: 'protocol 1.0: times as fast as Python, message kept and new memory', ...times(fresh) });
  const protocol = '1.0';
  const outgoing = wholeParts(encodeOutgoing(train, { protocol }));
  if (Buffer.compare(outgoing[0], encodeTrain(train, { protocol })[0]) !== 0)
    throw new Error('the pieces are not the message');
  report({
    name: 'protocol 1.0: encode a train to send',
    value: timeCalls(() => encodeOutgoing(train, { protocol })).best,
    unit,
    limit: '<= 70',
    note: 'best; in pieces, as every server of ours sends it',
  });
  report({
    name: 'protocol 1.0: encode a train in one piece',
    value: timeCalls(() => encodeTrain(train, { protocol })).best,
    unit,
    note: 'best; one copy into new memory',
  });
}

/** Least CPU time of seven calls, ms; what is done before and after each does not count. */
function cpuOf<T>(before: () => void, call: () => T, after: (result: T) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    before();
    const start = process.cpuUsage();
    const result = call();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
    after(result);
  }
  return best;
}

function isAligned(part: Uint8Array): boolean {
  if (part.length === 0) return true;
  const [{ arrays }] = decodeBridgeMessage([part]);
  return arrays.some(({ path, bytes }) => path === 'image.data' && bytes.byteOffset % 4 === 0);
}

function checkEqual(got: Train, expected: Train): void {
  const [{ data }] = got.sources.values();
  const [{ data: wanted }] = expected.sources.values();
  for (const [key, value] of wanted) {
    const array = data.get(key);
    if (isNdArray(value) && !(isNdArray(array) && Buffer.compare(bytesOf(array), bytesOf(value)) === 0))
      throw new Error(`${key} is not what was sent`);
  }
}

/** Least CPU time of Python's decoder, ms; NaN where it cannot run. */
function pythonTimes(part: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-bench-'));
  try {
    writeFileSync(join(folder, 'message'), part);
    const args = ['-c', PYTHON_READER, join(folder, 'message'), '9'];
    const { status, stdout } = spawnSync(PYTHON, args, { encoding: 'utf8' });
    if (status !== 0) return Number.NaN;
    return Math.min(
      ...stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[1])),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Properties of a device as a server sends them: values of all kinds, each with its time stamp. */
function controlSource(properties: number): Map<string, TrainValue> {
  const data = new Map<string, TrainValue>();
  for (let i = 0; i < properties; i++) {
    const kinds: TrainValue[] = [17.25 + i, BigInt(1000 * i), i % 2 === 0, new TextEncoder().encode('ON')];
    data.set(`axis${i}.actualPosition.value`, kinds[i % 4]);
    data.set(`axis${i}.actualPosition.timestamp`, 1526464869.4109755 + i);
  }
  return data;
}

function benchControl(report: BenchReport): void {
  const metadata = (source: string) =>
    new Map<string, TrainValue>([
      ['source', source],
      ['timestamp', 1526464869.4109755],
      ['timestamp.tid', 10_000_000_001n],
      ['timestamp.sec', '1526464869'],
      ['timestamp.frac', '410975500000000000'],
    ]);
  for (const [properties, sources, limit] of [
    [5, 14, '>= 20000'],
    [104, 1, '>= 20000'],
  ] as const) {
    const names = Array.from({ length: sources }, (_, i) => `SPB_XTD9_MOTOR/${i}`);
    const entries = names.map((name) => [name, { data: controlSource(properties), metadata: metadata(name) }] as const);
    const parts = encodeTrain({ trainId: 10_000_000_001, sources: new Map(entries) });
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const rounds = 50;
    const decode = timeCalls(() => {
      for (let i = 0; i < rounds; i++) decodeBridgeMessage(parts);
    });
    const train = timeCalls(() => {
      for (let i = 0; i < rounds; i++) trainOfMessage(decodeBridgeMessage(parts), 0, () => {});
    });
    const rate = (ms: number) => (1000 * rounds * sources) / ms;
    const what = `control message of ${(bytes / 1024).toFixed(1)} KiB, ${sources} sources`;
    report({ name: `${what}: decoded`, value: rate(decode.best), unit: 'sources/s', limit, note: 'best' });
    report({ name: `${what}: made a train`, value: rate(train.best), unit: 'sources/s', limit, note: 'best' });
  }
}

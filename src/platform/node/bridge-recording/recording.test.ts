import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goldenMessages, recordedMessages } from '../../../../test/golden/bridge/kbm.ts';
import type { RecordableMessage } from '../../../bridge/recorded-message.ts';
import { sleep } from '../../../core/cancel.ts';
import { recordingFiles } from '../recording-archive.ts';
import { listRecordings, openRecording } from './open-recording.ts';
import { readInfo } from './recording-info.ts';
import { defaultRecordingName, startRecording } from './start-recording.ts';
import { timedMessages } from './timed-messages.ts';

const GOLDEN = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'golden', 'bridge', 'recording');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Parts with train ids of our own, for the recorder does not look into them where they are no bridge message. */
async function* of(messages: readonly RecordableMessage[]): AsyncGenerator<RecordableMessage> {
  yield* messages;
}
const plainMessage = (size: number, value = size): RecordableMessage => ({ parts: [new Uint8Array(size).fill(value)] });
const record = async (messages: readonly RecordableMessage[], dir: string, options = {}) =>
  (await startRecording({ messages: of(messages), dir, whenSlow: 'wait', ...options })).finished;

async function partsOf(dir: string): Promise<Uint8Array[][]> {
  await using recording = await openRecording(dir);
  const all: Uint8Array[][] = [];
  for await (const { parts } of recording.messages()) all.push([...parts]);
  return all;
}

describe('a recording', () => {
  it('has the exact parts of every golden message, with time, endpoint, protocol and train id', async () => {
    const golden = [...goldenMessages('ok'), ...goldenMessages('foreign'), ...goldenMessages('bad')];
    const dir = join(folder, 'rec');
    let released = 0;
    const info = await record(
      golden.map(({ parts }, i) => ({
        parts,
        receivedAt: 1.7e12 + i / 8,
        endpoint: i % 2 ? 'tcp://b:2' : 'tcp://a:1',
        release: () => released++,
      })),
      dir,
      { segmentBytes: 500_000 },
    );
    expect([info.messages, info.isClosed, info.dropped, released]).toEqual([golden.length, true, 0, golden.length]);
    expect(info.segments).toBeGreaterThan(3);
    await using recording = await openRecording(dir);
    expect([recording.warnings, recording.isClosed]).toEqual([[], true]);
    let index = 0;
    for await (const message of recording.messages()) {
      const { parts, answer, name } = golden[index];
      expect([name, message.index, message.receivedAt, message.endpoint]).toEqual([
        name,
        index,
        1.7e12 + index / 8,
        index % 2 ? 'tcp://b:2' : 'tcp://a:1',
      ]);
      expect(message.parts.length).toBe(parts.length);
      for (const [i, part] of parts.entries()) expect(Buffer.compare(part, message.parts[i])).toBe(0);
      if (name.endsWith('v2.2') && answer.decoded) expect([name, message.protocol]).toEqual([name, '2.2']);
      index++;
    }
    expect(index).toBe(golden.length);
    expect(info.unreadable).toBeGreaterThan(10);
  });

  it('keeps the train ids of the messages, also in the summary and the list', async () => {
    const parts = recordedMessages('v2.2').map((message) => ({ parts: message.parts }));
    await record(parts, join(folder, 'one'));
    await record([...parts.slice(0, 2), ...parts.slice(4)], join(folder, 'two'));
    mkdirSync(join(folder, 'other'));
    const [one, two, ...more] = await listRecordings(folder);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ name: 'one', messages: 6, firstTrainId: 1e10, lastTrainId: 1e10 + 5, missing: 0 });
    expect(two).toMatchObject({ name: 'two', messages: 4, firstTrainId: 1e10, lastTrainId: 1e10 + 5, missing: 2 });
    expect(one.sources).toEqual(['SPB_DET_AGIPD1M-1/DET/0CH0:xtdf']);
    const bytes = readdirSync(one.path)
      .filter((name) => !name.endsWith('json'))
      .map((name) => readFileSync(join(one.path, name)).length);
    expect(one.bytes).toBe(bytes.reduce((sum, size) => sum + size, 0));
    await using recording = await openRecording(one.path);
    expect(recording.indexOf(1e10 + 3)).toBe(3);
    expect(() => recording.indexOf(1e11)).toThrow(/has 10000000000 to 10000000005/);
    const ids: number[] = [];
    for await (const train of recording.trains({ start: 2, stop: 4 })) ids.push(train.trainId);
    expect(ids).toEqual([1e10 + 2, 1e10 + 3]);
    await expect(recording.read(6)).rejects.toThrow(/has no message 6: it has 6/);
  });

  it('of nothing can be opened', async () => {
    const info = await record([], join(folder, 'none'));
    expect(info).toMatchObject({ messages: 0, segments: 0, reason: 'the stream ended' });
    await using recording = await openRecording(join(folder, 'none'));
    expect([recording.entries, recording.warnings]).toEqual([[], []]);
    expect(await listRecordings(folder)).toMatchObject([{ messages: 0, startedAt: null }]);
  });

  it('is never written over something else, and has a name of its time', async () => {
    writeFileSync(join(folder, 'x'), '');
    await expect(record([], folder)).rejects.toThrow(/is not empty. Choose a new folder/);
    await expect(record([], join(folder, 'x', 'y'))).rejects.toThrow(/cannot be made or read/);
    expect(defaultRecordingName(new Date(Date.UTC(2024, 0, 31, 23, 59, 58, 7)))).toBe(
      'karabo-bridge-recording-20240131T235958Z',
    );
  });
});

describe('a recording ends', () => {
  async function* endless(): AsyncGenerator<RecordableMessage> {
    for (let i = 0; ; i++) {
      await sleep(1);
      yield plainMessage(100, i);
    }
  }
  it.each([
    [{ maxMessages: 5 }, 'as many trains as wanted', 5],
    [{ maxBytes: 1000 }, 'as many bytes as wanted', 5],
    [{ maxDurationMs: 60 }, 'time is over', undefined],
    [{ abortAfterMs: 60 }, 'interrupted', undefined],
  ] as [{ abortAfterMs?: number }, string, number | undefined][])(
    '%j',
    async ({ abortAfterMs, ...options }, reason, messages) => {
      const dir = join(folder, 'rec');
      const signal = abortAfterMs === undefined ? undefined : AbortSignal.timeout(abortAfterMs);
      const info = await (await startRecording({ messages: endless(), dir, signal, ...options })).finished;
      expect([info.reason, info.isClosed]).toEqual([reason, true]);
      if (messages) expect(info.messages).toBe(messages);
      expect(info.messages).toBeGreaterThan(0);
      expect((await partsOf(dir)).length).toBe(info.messages);
    },
  );

  it('when told so, though the stream is silent, and takes what comes late back', async () => {
    let released = 0;
    let send = () => {};
    async function* silent(): AsyncGenerator<RecordableMessage> {
      yield plainMessage(10);
      await new Promise<void>((resolve) => {
        send = resolve;
      });
      yield { ...plainMessage(10), release: () => released++ };
    }
    const seen: number[] = [];
    const recorder = await startRecording({
      messages: silent(),
      dir: join(folder, 'rec'),
      onProgress: ({ messages }) => seen.push(messages),
    });
    await sleep(20);
    expect(recorder.progress()).toMatchObject({ messages: 1, dropped: 0 });
    expect(await recorder.stop('enough')).toMatchObject({ messages: 1, reason: 'enough' });
    send();
    await sleep(5);
    expect([released, seen.at(-1)]).toEqual([1, 1]);
  });

  it('with the error of its stream, after what had come', async () => {
    async function* broken(): AsyncGenerator<RecordableMessage> {
      yield plainMessage(10);
      throw new Error('cable');
    }
    const recorder = await startRecording({ messages: broken(), dir: join(folder, 'rec') });
    await expect(recorder.finished).rejects.toThrow('cable');
    expect((await readInfo(recorder.dir))?.reason).toBe('failed: cable');
    expect(await partsOf(recorder.dir)).toHaveLength(1);
  });
});

/** A disk whose segments take no more than `room` bytes, and slowly. */
const smallDisk =
  (room: number, ms = 0) =>
  async (path: string) => {
    const file = await open(path, 'wx');
    const writev = file.writev.bind(file);
    let left = room;
    const limited = async (buffers: readonly Uint8Array[], position?: number) => {
      await sleep(ms);
      if (!path.endsWith('.rec')) return writev(buffers, position);
      if (left === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      // As the system does it: what fits is written, and only the next call fails.
      const [first] = buffers;
      const fits = first.subarray(0, Math.min(left, first.length, 1000));
      left -= fits.length;
      return writev([fits], position);
    };
    return Object.assign(file, { writev: limited });
  };

describe('a disk that is', () => {
  it('full ends the recording; all whole messages stay, and nothing has to be mended', async () => {
    const messages = Array.from({ length: 10 }, (_, i) => plainMessage(3000, i));
    const dir = join(folder, 'rec');
    await expect(record(messages, dir, { openForWriting: smallDisk(10_000) })).rejects.toThrow(
      /000000\.rec cannot be written: the disk is full/,
    );
    await using recording = await openRecording(dir);
    expect([recording.entries.length, recording.warnings]).toEqual([3, []]);
    expect((await readInfo(dir))?.reason).toMatch(/^failed: .*the disk is full/);
    expect(await partsOf(dir)).toEqual(messages.slice(0, 3).map(({ parts }) => parts));
  });

  it('slow drops whole messages of a live stream, counted in the index', async () => {
    async function* fast(): AsyncGenerator<RecordableMessage> {
      for (let i = 0; i < 200; i++) {
        await sleep(1);
        yield plainMessage(900, i);
      }
    }
    const dir = join(folder, 'rec');
    const recorder = await startRecording({
      messages: fast(),
      dir,
      maxWaitingBytes: 2000,
      openForWriting: smallDisk(1e9, 8),
    });
    const info = await recorder.finished;
    expect(info.dropped).toBeGreaterThan(20);
    expect(info.messages + info.dropped).toBe(200);
    await using recording = await openRecording(dir);
    let before = 0;
    for (const { dropped, index } of recording.entries) {
      expect(dropped).toBeGreaterThanOrEqual(before);
      const { parts } = await recording.read(index);
      // Value and place tell which message it is: as many came before it as were recorded or dropped.
      expect(parts[0][0]).toBe((index + dropped) & 0xff);
      before = dropped;
    }
  });

  it('slow holds up a stream that can wait: nothing is dropped', async () => {
    const messages = Array.from({ length: 20 }, (_, i) => plainMessage(900, i));
    const dir = join(folder, 'rec');
    const info = await record(messages, dir, { maxWaitingBytes: 1000, openForWriting: smallDisk(1e9, 2) });
    expect([info.messages, info.dropped]).toEqual([20, 0]);
    expect(await partsOf(dir)).toEqual(messages.map(({ parts }) => parts));
  });
});

describe('a damaged recording', () => {
  const messages = Array.from({ length: 6 }, (_, i) => plainMessage(1000 + i, i));
  const make = async (options = {}) => {
    const dir = join(folder, 'rec');
    await record(messages, dir, options);
    return dir;
  };

  it('cut at any byte is read up to the last whole message, with a warning', async () => {
    const whole = await make();
    const size = readFileSync(join(whole, '000000.rec')).length;
    for (let cut = 64; cut < size; cut += 97) {
      const dir = join(folder, `cut-${cut}`);
      cpSync(whole, dir, { recursive: true });
      truncateSync(join(dir, '000000.rec'), cut);
      await using recording = await openRecording(dir);
      const expected = messages.filter(
        (_, i) =>
          64 + messages.slice(0, i + 1).reduce((sum, { parts }) => sum + 80 + Math.ceil(parts[0].length / 8) * 8, 0) <=
          cut,
      );
      expect(recording.entries.length).toBe(expected.length);
      expect(recording.warnings.length).toBeGreaterThan(0);
      expect(await partsOf(dir)).toEqual(expected.map(({ parts }) => parts));
    }
  });

  it.each([0, 10, 64, 65, 64 * 3, 64 * 3 + 5])('with %i bytes of its index is whole', async (bytes) => {
    const dir = await make({ segmentBytes: 2200 });
    truncateSync(join(dir, 'index.idx'), bytes);
    expect(await partsOf(dir)).toEqual(messages.map(({ parts }) => parts));
  });

  it('without index and summary is whole', async () => {
    const dir = await make({ segmentBytes: 2200 });
    rmSync(join(dir, 'index.idx'));
    rmSync(join(dir, 'recording.json'));
    await using recording = await openRecording(dir);
    expect(recording.warnings.join()).toMatch(/index\.idx is not there.*recording\.json is not there/);
    expect(await partsOf(dir)).toEqual(messages.map(({ parts }) => parts));
    expect(await listRecordings(folder)).toMatchObject([{ messages: 6, isClosed: false }]);
  });

  it('tells which message is damaged; the others are read', async () => {
    const dir = await make();
    const path = join(dir, '000000.rec');
    const bytes = readFileSync(path);
    bytes[64 + 2 * (80 + 1008) + 500] ^= 1;
    writeFileSync(path, bytes);
    await using recording = await openRecording(dir);
    await expect(recording.read(2)).rejects.toThrow(/message 2 at byte \d+ is damaged \(checksum\)/);
    expect((await recording.read(3)).parts).toEqual(messages[3].parts);
    await expect(Array.fromAsync(recording.messages())).rejects.toThrow(/message 2 at byte \d+ is damaged/);
  });

  it('is read and replayed without its damaged messages, which are told, if so wished', async () => {
    const dir = await make();
    const path = join(dir, '000000.rec');
    const bytes = readFileSync(path);
    for (const n of [0, 2, 5]) bytes[64 + n * (80 + 1008) + 500] ^= 1;
    writeFileSync(path, bytes);
    await using recording = await openRecording(dir);
    const told: string[] = [];
    const onDamaged = ({ message }: Error) => told.push(message);
    const read = await Array.fromAsync(recording.messages({ onDamaged }));
    expect(read.map(({ index }) => index)).toEqual([1, 3, 4]);
    expect(told.map((text) => /message (\d)/.exec(text)?.[1])).toEqual(['0', '2', '5']);
    const replayed = await Array.fromAsync(timedMessages(recording, { onDamaged }));
    expect(replayed.map(({ parts }) => parts)).toEqual([1, 3, 4].map((n) => messages[n].parts));
    // One that has none left must not go round for ever.
    const none = timedMessages(recording, { onDamaged, start: 2, stop: 3, isLooped: true });
    await expect(none.next()).rejects.toThrow(/all 1 are damaged/);
  });

  it('with files of another one is noticed', async () => {
    const dir = await make({ segmentBytes: 2200 });
    const other = join(folder, 'other');
    await record(messages, other, { segmentBytes: 2200 });
    copyFileSync(join(other, '000001.rec'), join(dir, '000001.rec'));
    await using recording = await openRecording(dir);
    expect(recording.warnings.join()).toMatch(/000001\.rec is of another recording.* It is left out/);
    expect(await partsOf(dir)).toEqual([0, 2, 3, 4, 5].map((n) => messages[n].parts));
  });

  describe.each([
    ['and its index', () => undefined],
    ['but no index', (dir: string) => rmSync(join(dir, 'index.idx'))],
  ])('%s', (_, prepare) => {
    it.each([
      ['the first', [0], '000000.rec is not there'],
      ['one', [2], '000002.rec is not there'],
      ['several', [1, 2, 4], '000001.rec to 000002.rec are not there.*000004.rec is not there'],
    ])('of whose segments %s is not there is read without it, and says so', async (_, gone, text) => {
      const dir = await make({ segmentBytes: 2200 });
      prepare(dir);
      for (const n of gone) rmSync(join(dir, `00000${n}.rec`));
      const kept = messages.filter((_, n) => !gone.includes(n)).map(({ parts }) => parts);
      expect(await partsOf(dir)).toEqual(kept);
      await using recording = await openRecording(dir);
      expect(recording.warnings.join()).toMatch(new RegExp(text));
      expect(recording.entries.map(({ index }) => index)).toEqual(kept.map((_, i) => i));
    });

    it('with a cut segment in the middle loses no more than that has lost', async () => {
      const dir = await make({ segmentBytes: 3300 });
      prepare(dir);
      truncateSync(join(dir, '000000.rec'), 64 + 1500);
      expect(await partsOf(dir)).toEqual([0, 2, 3, 4, 5].map((n) => messages[n].parts));
      await using recording = await openRecording(dir);
      expect(recording.warnings.join()).toMatch(/000000\.rec: the last \d+ bytes are no whole message/);
    });
  });

  it('says that its last segments are not there, where the index knows of them', async () => {
    const dir = await make({ segmentBytes: 2200 });
    for (const n of [4, 5]) rmSync(join(dir, `00000${n}.rec`));
    await using recording = await openRecording(dir);
    expect(await partsOf(dir)).toEqual([0, 1, 2, 3].map((n) => messages[n].parts));
    expect(recording.warnings.join()).toMatch(/000004\.rec is not there.*000005\.rec is not there/);
  });

  it('is listed with what is there, also by its own name', async () => {
    const dir = await make({ segmentBytes: 2200 });
    rmSync(join(dir, '000001.rec'));
    const bytes = ['000000.rec', '000002.rec', '000003.rec', '000004.rec', '000005.rec', 'index.idx']
      .map((name) => readFileSync(join(dir, name)).length)
      .reduce((sum, length) => sum + length);
    const expected = [
      { name: 'rec', messages: 5, bytes, warnings: [expect.stringContaining('000001.rec is not there')] },
    ];
    expect(await listRecordings(folder)).toMatchObject(expected);
    expect(await listRecordings(dir)).toMatchObject(expected);
    expect((await recordingFiles(dir)).map(({ name }) => name)).toContain('000005.rec');
  });

  it.each([
    ['nothing', () => undefined, /neither recording.json nor index.json/],
    [
      'text as segment',
      (dir: string) => writeFileSync(join(dir, '000000.rec'), 'x'.repeat(100)),
      /no segment of a bridge rec/,
    ],
    [
      'a list of nothing',
      (dir: string) => writeFileSync(join(dir, 'index.json'), '{"messages": []}'),
      /lists no "messages"/,
    ],
    [
      'a list that leads elsewhere',
      (dir: string) => writeFileSync(join(dir, 'index.json'), '{"messages": [{"file": "../x"}]}'),
      /inside the folder/,
    ],
  ])('of %s is refused', async (_, prepare, text) => {
    const dir = join(folder, 'bad');
    mkdirSync(dir);
    prepare(dir);
    await expect(openRecording(dir)).rejects.toThrow(text);
  });

  it('that is not there is refused', async () => {
    await expect(openRecording(join(folder, 'none'))).rejects.toThrow(/no such folder/);
    await expect(listRecordings(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
  });
});

describe('a folder of .kbm files', () => {
  it.each(['v2.2', 'v1.0'] as const)('is opened with its times and train ids: %s', async (protocol) => {
    await using recording = await openRecording(GOLDEN, { protocol: protocol.slice(1) });
    const golden = recordedMessages(protocol);
    const start = recording.entries[0].receivedAt;
    expect(recording.entries.map(({ trainId }) => trainId)).toEqual(golden.map((_, i) => 1e10 + i));
    expect(recording.entries.map(({ receivedAt }) => Math.round(receivedAt - start))).toEqual([
      0, 100, 200, 300, 400, 500,
    ]);
    const parts: (readonly Uint8Array[])[] = [];
    for await (const message of recording.messages()) parts.push(message.parts);
    expect(parts).toEqual(golden.map((message) => message.parts));
  });
  it('says which protocols it has', async () => {
    await expect(openRecording(GOLDEN, { protocol: '3' })).rejects.toThrow(/protocol 3: it has 2.2, 1.0/);
  });
});

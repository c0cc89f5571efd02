import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wholeParts } from '../src/bridge/outgoing-part.ts';
import { createReplay } from '../src/bridge/replay.ts';
import { serveMessages } from '../src/bridge/server.ts';
import { zeros } from '../src/core/ndarray.ts';
import type { Train } from '../src/core/train.ts';
import type { LiveCounters, LiveEngine, LiveSource } from '../src/live/engine.ts';
import { openRecording } from '../src/platform/node/bridge-recording/open-recording.ts';
import { createLiveEngine } from '../src/platform/node/live-engine.ts';
import { LiveRecorder } from '../src/platform/node/live-recorder.ts';
import { openRecordingsFolder } from '../src/platform/node/live-recordings.ts';
import { zmtpTransport } from '../src/platform/node/zmtp/zmtp-transport.ts';
import { until } from './conformance/socket-suite.ts';
import { SETTINGS } from './server/golden-app.ts';

const FIRST_ID = 20_000_000_000;
const folder = mkdtempSync(join(tmpdir(), 'hutch-live-recordings-'));
const recordings = openRecordingsFolder(join(folder, 'recordings'));

/** A merged detector of two frames and a motor. */
function detectorTrain(): Train {
  const image = zeros('uint16', [2, 2, 16, 512, 128]);
  (image.data as Uint16Array).fill(700);
  return {
    trainId: 0,
    sources: new Map([
      ['SPB_DET_AGIPD1M-1/DET/APPEND', { data: new Map([['image.data', image]]), metadata: new Map() }],
      ['SPB_EXP/MOTOR/X', { data: new Map([['actualPosition.value', 2.5]]), metadata: new Map() }],
    ]),
  };
}

describe('what the live engine receives', () => {
  let engine: LiveEngine;
  let source: LiveSource;
  const garbage = [Uint8Array.of(0xc1), Uint8Array.of(0x80)];
  const sent: (readonly Uint8Array[])[] = [];
  let isGarbage = false;
  const serving = new AbortController();
  let close: () => Promise<void>;

  beforeAll(async () => {
    const socket = await zmtpTransport.bind('tcp://127.0.0.1:*', 'REP');
    const replay = createReplay([detectorTrain()], FIRST_ID);
    const next = () => {
      const parts = isGarbage ? garbage : wholeParts(replay());
      isGarbage = false;
      sent.push(parts.map((part) => part.slice(0, 4096)));
      return parts;
    };
    const served = serveMessages(socket, 'REP', next, { rate: 20, signal: serving.signal });
    close = async () => {
      serving.abort();
      await served;
      await socket.close();
    };
    source = { endpoint: socket.endpoint, socket: 'REQ', isOn: true };
    engine = await createLiveEngine({
      settings: { ...SETTINGS, isCorrected: false, sources: [source] },
      geometry: null,
      proposalPath: null,
      threads: 1,
      memoryBytes: 2 ** 29,
    });
    await until(() => engine.counters().processed > 2, 'trains', 20_000);
  }, 40_000);
  afterAll(async () => {
    await engine.close();
    await close().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const counters = async (isTrue: (now: LiveCounters) => boolean, what: string) => {
    await until(() => isTrue(engine.counters()), what, 15_000);
    return engine.counters();
  };
  const processes = async (count: number) => {
    const { processed } = engine.counters();
    return counters((now) => now.processed >= processed + count, `${count} trains`);
  };

  it('is recorded byte for byte, also what cannot be read, while the picture goes on', async () => {
    const path = recordings.pathOf('first');
    expect(await recordings.list()).toEqual([]);
    expect(await recordings.freeBytes()).toBeGreaterThan(0);
    const started = await engine.startRecording({ path });
    expect(started).toMatchObject({ name: 'first', isRunning: true, reason: null, error: null });
    await expect(engine.startRecording({ path: recordings.pathOf('other') })).rejects.toThrow(
      /"first" is being recorded/,
    );
    await processes(8);
    isGarbage = true;
    await processes(8);
    const state = await engine.stopRecording();
    expect(state).toMatchObject({ isRunning: false, reason: 'stopped', error: null, dropped: 0, missing: 0 });
    expect(state.trains).toBeGreaterThan(10);
    expect(engine.recording()).toEqual(state);
    await expect(engine.stopRecording()).rejects.toThrow('Nothing is being recorded');
    await expect(engine.startRecording({ path })).rejects.toThrow(/is there already: give the recording another name/);
    await using recording = await openRecording(path);
    expect([recording.isClosed, recording.warnings, recording.entries.length]).toEqual([true, [], state.trains]);
    expect(recording.endpoints).toEqual([{ endpoint: source.endpoint, socket: 'REQ' }]);
    expect(recording.entries.map(({ protocol }) => protocol)).toContain('unknown');
    const at = sent.findIndex((parts) => parts.length === 2 && parts[0][0] === 0xc1);
    const garbageAt = recording.entries.findIndex(({ protocol }) => protocol === 'unknown');
    for await (const { parts, index } of recording.messages()) {
      const original = sent[at - garbageAt + index];
      expect(parts.map((part) => Buffer.compare(part.subarray(0, 4096), original[parts.indexOf(part)]))).toEqual(
        original.map(() => 0),
      );
      expect(parts.length).toBe(original.length);
    }
    const [listed] = await recordings.list();
    expect(listed).toMatchObject({ name: 'first', messages: state.trains, firstTrainId: state.firstTrainId });
    expect(listed.sources).toEqual(['SPB_DET_AGIPD1M-1/DET/APPEND', 'SPB_EXP/MOTOR/X']);
    await processes(3);
  }, 40_000);

  it('stops by itself at its limits', async () => {
    await engine.startRecording({ path: recordings.pathOf('four'), maxTrains: 4 });
    await until(() => engine.recording()?.isRunning === false, 'the end', 10_000);
    expect(engine.recording()).toMatchObject({
      name: 'four',
      trains: 4,
      maxTrains: 4,
      reason: 'as many trains as wanted',
    });
    await engine.startRecording({ path: recordings.pathOf('bytes'), maxBytes: 20_000_000 });
    await until(() => engine.recording()?.isRunning === false, 'the end', 10_000);
    expect(engine.recording()?.trains).toBe(2);
    expect(engine.recording()?.reason).toBe('as many bytes as wanted');
  }, 30_000);

  it('says why it cannot be recorded', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    await expect(engine.startRecording({ path: join(folder, 'a-file', 'x') })).rejects.toThrow(
      /folder of recordings .*a-file cannot be made \((ENOTDIR|EEXIST)\)\. Give another one with --recordings/,
    );
    expect(engine.recording()?.name).toBe('bytes');
  });

  it('is replayed as one more source with the bridge switched off; paused, sought, looped, stopped', async () => {
    const before = engine.counters();
    expect(before.trainId).toBeGreaterThan(FIRST_ID + 20);
    const path = recordings.pathOf('first');
    const state = await engine.startReplay(path, { rateHz: null, isLooped: false, trainId: null });
    expect(state).toMatchObject({ name: 'first', isPaused: false, hasEnded: false });
    expect(engine.settings.sources).toEqual([
      { ...source, isOn: false },
      { endpoint: state.endpoint, socket: 'REQ', isOn: true },
    ]);
    await expect(engine.startReplay(path, { rateHz: null, isLooped: false, trainId: null })).rejects.toThrow(
      /"first" is being replayed: stop it first/,
    );
    const first = state.firstTrainId as number;
    const last = state.lastTrainId as number;
    await counters(({ trainId }) => trainId >= first && trainId <= last, 'old trains');
    await until(() => engine.replay()?.hasEnded === true, 'the end', 20_000);
    await counters(({ trainId }) => trainId === last, 'the last train');

    // a train in the middle, and from there to the end
    engine.changeReplay({ trainId: last - 3, rateHz: 5 });
    const again = await processes(3);
    expect(again.trainId).toBeGreaterThanOrEqual(last - 3);
    await until(() => engine.replay()?.hasEnded === true, 'the end', 20_000);

    // round after round: earlier trains come again and are shown
    engine.changeReplay({ isLooped: true, trainId: last - 1, rateHz: 20 });
    const { processed } = engine.counters();
    await counters((now) => now.processed > processed + 2 * (last - first + 1), 'two rounds');
    expect(engine.replay()).toMatchObject({ isLooped: true, hasEnded: false, rateHz: 20 });
    const { dropped } = engine.counters();
    expect(dropped['came too late'] ?? 0).toBeLessThanOrEqual(2);

    engine.changeReplay({ isPaused: true });
    await counters(({ connection }) => connection === 'silent', 'silence');
    const paused = engine.counters().processed;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(engine.counters().processed).toBe(paused);
    engine.changeReplay({ isPaused: false });
    await processes(3);

    expect(() => engine.changeReplay({ trainId: last + 1 })).toThrow(/has no train .* or later: it has/);
    expect(() => engine.changeReplay({ rateHz: 0 })).toThrow(/rateHz = 0 is impossible/);
    await engine.stopReplay();
    expect(engine.replay()).toBeNull();
    expect(engine.settings.sources).toEqual([source]);
    await counters(({ trainId }) => trainId > last, 'the bridge again');
    await expect(engine.stopReplay()).rejects.toThrow('Nothing is being replayed');
    expect(() => engine.changeReplay({ isPaused: true })).toThrow('Nothing is being replayed');
  }, 60_000);

  it('says why a folder cannot be replayed, and changes nothing', async () => {
    mkdirSync(join(folder, 'empty'));
    const options = { rateHz: null, isLooped: false, trainId: null };
    await expect(engine.startReplay(join(folder, 'nowhere'), options)).rejects.toThrow(/no such folder/);
    await expect(engine.startReplay(join(folder, 'empty'), options)).rejects.toThrow(/is no bridge recording/);
    await expect(engine.startReplay(recordings.pathOf('first'), { ...options, trainId: 9e12 })).rejects.toThrow(
      /has no train 9000000000000 or later/,
    );
    expect([engine.replay(), engine.settings.sources]).toEqual([null, [source]]);
  }, 30_000);

  it('a replay passes over damaged messages and tells of them', async () => {
    const path = join(folder, 'damaged');
    cpSync(recordings.pathOf('four'), path, { recursive: true });
    const content = join(path, '000000.rec');
    const bytes = readFileSync(content);
    // The end of the file is that of the last message.
    bytes[bytes.length - 100] ^= 1;
    writeFileSync(content, bytes);
    await engine.startReplay(path, { rateHz: 50, isLooped: true, trainId: null });
    await until(() => engine.replay()?.leftOut === 1, 'the damaged message', 10_000);
    await processes(4);
    expect(engine.replay()).toMatchObject({ hasEnded: false, error: null });
    expect(engine.replay()?.warning).toMatch(/message 3 at byte \d+ is damaged \(checksum\)/);
    await engine.stopReplay();
  }, 30_000);

  it('a replay whose source is taken away ends', async () => {
    await engine.startReplay(recordings.pathOf('four'), { rateHz: null, isLooped: true, trainId: null });
    engine.applySettings({ ...engine.settings, sources: [source] });
    expect(engine.replay()).toBeNull();
    await processes(2);
  }, 30_000);

  it('a recording in work is closed with the engine', async () => {
    const path = recordings.pathOf('last');
    await engine.startRecording({ path });
    // Trains that are processed now may have come before.
    await until(() => (engine.recording()?.trains ?? 0) > 2, 'three recorded trains', 15_000);
    await engine.close();
    await using recording = await openRecording(path);
    expect([recording.isClosed, recording.warnings]).toEqual([true, []]);
    expect(recording.entries.length).toBeGreaterThan(2);
  }, 30_000);
});

it('a recording leaves a nearly full disk some room, and says so', async () => {
  const place = mkdtempSync(join(tmpdir(), 'hutch-full-'));
  const states: { isRunning: boolean; reason: string | null; error: string | null }[] = [];
  let free = 2 ** 30;
  const recorder = new LiveRecorder({
    maxWaitingBytes: 1e6,
    onState: (state) => states.push(state),
    freeBytesAt: async () => free,
  });
  await recorder.start({ path: join(place, 'a') }, []);
  let released = 0;
  const message = { parts: [Uint8Array.of(1, 2)], release: () => released++ };
  expect(recorder.read(message, 'tcp://a:1', ({ parts }) => parts.length)).toBe(1);
  free = 1000;
  await until(() => states.at(-1)?.isRunning === false, 'the end', 5000);
  expect(states.at(-1)?.reason).toMatch(/the disk of .* is nearly full: 0 MiB are free, 512 MiB are kept/);
  await recorder.start({ path: join(place, 'b') }, []);
  expect(states.at(-1)).toMatchObject({ isRunning: false, error: expect.stringMatching(/nearly full/) });
  expect(existsSync(join(place, 'b'))).toBe(false);
  expect(released).toBe(0);
  rmSync(place, { recursive: true });
});

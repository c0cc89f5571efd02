import { existsSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { factsOfMessage, type RecordedMessage } from '../../../bridge/recorded-message.ts';
import { FileUnreadable, FormatInvalid, isXfelError } from '../../../core/errors.ts';
import { isSegmentName, segmentName } from '../../../formats/bridge-recording.ts';
import { KBM_INDEX, openKbmFolder } from './kbm-folder.ts';
import { openedRecording } from './opened-recording.ts';
import type { RecordedEntry, Recording } from './recording.ts';
import { INFO_NAME, type RecordingInfo, readInfo } from './recording-info.ts';
import { INDEX_NAME } from './recording-writer.ts';
import { SegmentFiles } from './segment-files.ts';

const PROTOCOL_NAMES: Readonly<Record<number, RecordedMessage['protocol']>> = { 10: '1.0', 21: '2.1', 22: '2.2' };

/** How to open a recording. */
export interface OpenRecordingOptions {
  /** Of a folder of `.kbm` files that holds the same trains several times: which protocol. */
  readonly protocol?: string;
}

/**
 * Opens a recording of `hutch bridge record`, also one that is still made or was cut short (up to its last whole message,
 * with a warning), or a folder of `.kbm` files with their `index.json`.
 * @throws FileUnreadable if there is no such folder, FormatInvalid if it is no recording
 * @example await using recording = await openRecording('rec'); for await (const train of recording.trains()) ..
 */
export async function openRecording(path: string, options: OpenRecordingOptions = {}): Promise<Recording> {
  const dir = resolve(path);
  if (!existsSync(dir) || !statSync(dir).isDirectory())
    throw new FileUnreadable(`${path}: no such folder. A recording is a folder.`, { path });
  if (isRecording(dir)) return openSegments(dir);
  if (existsSync(join(dir, KBM_INDEX))) return openKbmFolder(dir, options.protocol);
  throw new FormatInvalid(`${path} is no bridge recording: it has neither ${INFO_NAME} nor ${KBM_INDEX}.`, { path });
}

async function openSegments(dir: string): Promise<Recording> {
  const files = await SegmentFiles.open(dir);
  const warnings = [...files.warnings];
  let info: RecordingInfo | null = null;
  try {
    info = await readInfo(dir);
    if (!info) warnings.push(`${join(dir, INFO_NAME)} is not there: endpoints are not known.`);
  } catch (error) {
    if (!isXfelError(error)) throw error;
    warnings.push(error.message);
  }
  if (info && !info.isClosed)
    warnings.push(
      `${dir} was not closed: it is still being made, or its recorder was killed. All whole messages are read.`,
    );
  const entries = files.entries.map((entry, index): RecordedEntry => {
    const trainId = Number(entry.trainId);
    return {
      index,
      trainId: Number.isSafeInteger(trainId) ? trainId : 0,
      receivedAt: entry.receivedAtUs / 1000,
      endpoint: info?.endpoints[entry.endpoint]?.endpoint ?? '',
      protocol: PROTOCOL_NAMES[entry.protocol] ?? 'unknown',
      bytes: entry.recordBytes,
      dropped: entry.dropped,
    };
  });
  return openedRecording({
    path: dir,
    endpoints: info?.endpoints ?? [],
    entries,
    isClosed: info?.isClosed ?? false,
    warnings,
    readParts: (index) => files.readParts(files.entries[index]),
    close: () => files.close(),
  });
}

/** What a list of recordings says of one. */
export interface RecordingListing {
  readonly path: string;
  readonly name: string;
  readonly messages: number;
  /** On the disk. */
  readonly bytes: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  /** ms since the epoch of the first and the last message; null if there is none. */
  readonly startedAt: number | null;
  readonly durationMs: number;
  readonly endpoints: readonly string[];
  readonly sources: readonly string[];
  readonly dropped: number;
  readonly missing: number;
  readonly isClosed: boolean;
  readonly warnings: readonly string[];
}

/**
 * The recordings in a folder, oldest first; one that cannot be opened is listed with its warning. Of a folder that is a
 * recording itself, that one.
 * @throws FileUnreadable if the folder cannot be read
 */
export async function listRecordings(dir: string): Promise<RecordingListing[]> {
  let names: string[];
  try {
    names = (await readdir(dir, { withFileTypes: true })).filter((each) => each.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    throw new FileUnreadable(`${dir} cannot be read (${(cause as Error).message}).`, { path: dir }, { cause });
  }
  if (isRecording(dir)) return [await listOne(dir, basename(resolve(dir)))];
  const listed: RecordingListing[] = [];
  for (const name of names.sort()) {
    const path = join(dir, name);
    if (isRecording(path)) listed.push(await listOne(path, name));
  }
  return listed.sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
}

function isRecording(path: string): boolean {
  return existsSync(join(path, INFO_NAME)) || existsSync(join(path, segmentName(0)));
}

async function listOne(path: string, name: string): Promise<RecordingListing> {
  let recording: Recording;
  try {
    recording = await openRecording(path);
  } catch (error) {
    if (!isXfelError(error)) throw error;
    const nothing = { messages: 0, bytes: 0, firstTrainId: null, lastTrainId: null, startedAt: null, durationMs: 0 };
    const none = { endpoints: [], sources: [], dropped: 0, missing: 0, isClosed: false, warnings: [error.message] };
    return { path, name, ...nothing, ...none };
  }
  try {
    const { entries, endpoints, warnings, isClosed } = recording;
    const info = await readInfo(path).catch(() => null);
    const ids = entries.map((entry) => entry.trainId).filter((id) => id > 0);
    const [first, last] = [entries[0], entries[entries.length - 1]];
    return {
      path,
      name,
      messages: entries.length,
      bytes: await bytesOnDisk(path),
      firstTrainId: ids[0] ?? null,
      lastTrainId: ids[ids.length - 1] ?? null,
      startedAt: first?.receivedAt ?? null,
      durationMs: first ? last.receivedAt - first.receivedAt : 0,
      endpoints: endpoints.map(({ endpoint }) => endpoint),
      sources: info?.sources.length ? info.sources : await sourcesOf(recording),
      dropped: Math.max(info?.dropped ?? 0, last?.dropped ?? 0),
      missing: info?.missing ?? 0,
      isClosed,
      warnings,
    };
  } finally {
    await recording.close();
  }
}

/** Of the first message: the summary is lost or was never written. */
async function sourcesOf(recording: Recording): Promise<readonly string[]> {
  for await (const { parts } of recording.messages({ stop: 1 })) return factsOfMessage(parts).sources;
  return [];
}

async function bytesOnDisk(path: string): Promise<number> {
  let bytes = (await stat(join(path, INDEX_NAME)).catch(() => ({ size: 0 }))).size;
  for (const name of await readdir(path)) if (isSegmentName(name)) bytes += (await stat(join(path, name))).size;
  return bytes;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatInvalid } from '../../../core/errors.ts';
import { writeAside } from '../write-aside.ts';

/** Name of the summary in a recording's folder. */
export const INFO_NAME = 'recording.json';
const FORMAT = 'hutch-bridge-recording';

/** Where messages came from. */
export interface RecordedEndpoint {
  readonly endpoint: string;
  /** The client's socket; empty where the recorder did not know. */
  readonly socket: string;
}

/** What `recording.json` says; while a recording is made it is some seconds behind. */
export interface RecordingInfo {
  /** Of the recording, in hexadecimal. */
  readonly id: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  /** Of the last message so far, UTC; null before the first. */
  readonly endedAt: string | null;
  /** False while it is made, and for ever if the recorder was killed. */
  readonly isClosed: boolean;
  /** Why it ended, in words. */
  readonly reason: string;
  readonly endpoints: readonly RecordedEndpoint[];
  readonly messages: number;
  /** Of all segments. */
  readonly bytes: number;
  readonly segments: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  readonly sources: readonly string[];
  /** Messages that came and could not be taken because the disk was too slow. */
  readonly dropped: number;
  /** Train ids left out between two messages of an endpoint: what the bridge did not give. */
  readonly missing: number;
  /** Recorded messages that are no bridge messages. */
  readonly unreadable: number;
}

/** Replaces the summary in one step. */
export async function writeInfo(dir: string, info: RecordingInfo): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, version: 1, ...info }, null, 1);
  await writeAside(join(dir, INFO_NAME), [`${text}\n`]);
}

/**
 * Reads the summary; null if there is none.
 * @throws FormatInvalid if it is something else
 */
export async function readInfo(dir: string): Promise<RecordingInfo | null> {
  const path = join(dir, INFO_NAME);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const invalid = (why: string, cause?: unknown) => new FormatInvalid(`${path}: ${why}.`, { path, line: 1 }, { cause });
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw invalid('no JSON', cause);
  }
  if (typeof given !== 'object' || given === null || given['format'] !== FORMAT)
    throw invalid(`"format" is not "${FORMAT}"`);
  if (given['version'] !== 1) throw invalid(`version ${String(given['version'])}; this program reads version 1`);
  const numberOf = (key: string) => (Number.isSafeInteger(given[key]) ? (given[key] as number) : 0);
  const textOf = (key: string) => (typeof given[key] === 'string' ? (given[key] as string) : '');
  const listOf = (key: string) => (Array.isArray(given[key]) ? (given[key] as unknown[]) : []);
  return {
    id: textOf('id'),
    startedAt: textOf('startedAt'),
    endedAt: textOf('endedAt') || null,
    isClosed: given['isClosed'] === true,
    reason: textOf('reason'),
    endpoints: listOf('endpoints').map((each) => {
      const { endpoint, socket } = (each ?? {}) as Record<string, unknown>;
      return { endpoint: String(endpoint ?? ''), socket: String(socket ?? '') };
    }),
    messages: numberOf('messages'),
    bytes: numberOf('bytes'),
    segments: numberOf('segments'),
    firstTrainId: numberOf('firstTrainId') || null,
    lastTrainId: numberOf('lastTrainId') || null,
    sources: listOf('sources').filter((each): each is string => typeof each === 'string'),
    dropped: numberOf('dropped'),
    missing: numberOf('missing'),
    unreadable: numberOf('unreadable'),
  };
}

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { factsOfMessage } from '../../../bridge/recorded-message.ts';
import { FileUnreadable, FormatInvalid } from '../../../core/errors.ts';
import { openedRecording } from './opened-recording.ts';
import type { RecordedEntry, Recording } from './recording.ts';

/** Name of the list of messages in a folder of `.kbm` files. */
export const KBM_INDEX = 'index.json';

interface KbmLine {
  readonly file: string;
  readonly protocol: string;
  readonly secondsFromStart: number;
  readonly trainId: string;
}

/**
 * Opens a folder of `.kbm` files, one message each, that an `index.json` lists. It may hold the same trains in several
 * protocols, one after the other; only one of them is opened.
 * @param protocol which one; default 2.2 if it is there, else the first
 * @throws FormatInvalid, FileUnreadable
 * @source test/golden/bridge/README.md
 */
export async function openKbmFolder(dir: string, protocol?: string): Promise<Recording> {
  const path = join(dir, KBM_INDEX);
  const lines = await readLines(path);
  const protocols = new Set(lines.map((line) => line.protocol));
  const wanted = protocol ?? (protocols.has('2.2') ? '2.2' : lines[0].protocol);
  const chosen = lines.filter((line) => line.protocol === wanted);
  if (chosen.length === 0)
    throw new FormatInvalid(`${path} has no messages of protocol ${wanted}: it has ${[...protocols].join(', ')}.`, {
      path,
    });
  const start = (await stat(path)).mtimeMs;
  const entries: RecordedEntry[] = [];
  for (const [index, line] of chosen.entries()) {
    const file = join(dir, line.file);
    const parts = await readKbm(file);
    const { protocol: found, trainId } = factsOfMessage(parts);
    const id = Number(trainId > 0n ? trainId : line.trainId);
    entries.push({
      index,
      trainId: Number.isSafeInteger(id) && id > 0 ? id : 0,
      receivedAt: start + line.secondsFromStart * 1000,
      endpoint: '',
      protocol: found,
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      dropped: 0,
    });
  }
  return openedRecording({
    path: dir,
    endpoints: [],
    entries,
    isClosed: true,
    warnings: [],
    readParts: (index) => readKbm(join(dir, chosen[index].file)),
    close: async () => undefined,
  });
}

async function readLines(path: string): Promise<KbmLine[]> {
  const invalid = (why: string, cause?: unknown) => new FormatInvalid(`${path}: ${why}.`, { path }, { cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new FileUnreadable(`${path} cannot be read (${(cause as Error).message}).`, { path }, { cause });
  }
  let messages: unknown;
  try {
    messages = (JSON.parse(text) as { messages?: unknown } | null)?.messages;
  } catch (cause) {
    throw invalid('no JSON', cause);
  }
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('it lists no "messages"');
  return messages.map((each, i) => {
    const line = (each ?? {}) as Record<string, unknown>;
    const { file, protocol, trainId, seconds_from_start: seconds } = line;
    // A list from elsewhere must not lead out of its folder.
    if (typeof file !== 'string' || file.startsWith('/') || file.split(/[/\\]/).includes('..'))
      throw invalid(`message ${i} has no "file" inside the folder`);
    if (typeof seconds !== 'number' || !Number.isFinite(seconds))
      throw invalid(`message ${i} has no "seconds_from_start"`);
    const id = /^\d{1,20}$/.test(String(trainId)) ? String(trainId) : '0';
    return { file, protocol: String(protocol ?? ''), secondsFromStart: seconds, trainId: id };
  });
}

/** Parts of a `.kbm` file: uint32 count, then uint64 length and bytes of each; little-endian. */
async function readKbm(path: string): Promise<Uint8Array[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileUnreadable(`${path} cannot be read (${(cause as Error).message}).`, { path }, { cause });
  }
  const cut = (offset: number) => new FormatInvalid(`${path} is cut at byte ${offset}.`, { path, offset });
  if (bytes.length < 4) throw cut(0);
  const count = bytes.readUInt32LE(0);
  if (count > bytes.length / 8)
    throw new FormatInvalid(`${path} announces ${count} parts in ${bytes.length} bytes.`, { path, offset: 0 });
  const parts: Uint8Array[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 8 > bytes.length) throw cut(at);
    const length = bytes.readBigUInt64LE(at);
    if (length > BigInt(bytes.length - at - 8)) throw cut(at + 8);
    parts.push(Uint8Array.from(bytes.subarray(at + 8, at + 8 + Number(length))));
    at += 8 + Number(length);
  }
  if (at !== bytes.length)
    throw new FormatInvalid(`${path} has ${bytes.length - at} bytes after its last part.`, { path, offset: at });
  return parts;
}

import type { Command } from 'commander';
import { NoData, Usage } from '../core/errors.ts';
import type { RecordingListing } from '../platform/node/bridge-recording/open-recording.ts';
import type { Recording } from '../platform/node/bridge-recording/recording.ts';
import type { RecordingProgress } from '../platform/node/bridge-recording/start-recording.ts';
import {
  bytesOf,
  bytesText,
  clientSocketOf,
  numberOf,
  protocolOf,
  secondsOf,
  serverSocketOf,
  wholeOf,
} from './bridge-options.ts';
import type { CliContext } from './context.ts';

interface RecordOptions {
  readonly serverSocket: string;
  readonly output?: string;
  readonly trains?: string;
  readonly duration?: string;
  readonly maxBytes?: string;
  readonly segmentBytes?: string;
  readonly json?: boolean;
}

interface ReplayOptions {
  readonly serverSocket: string;
  readonly rate?: string;
  readonly original?: boolean;
  readonly loop?: boolean;
  readonly start?: string;
  readonly stop?: string;
  readonly newTrainIds?: boolean | string;
  readonly protocol?: string;
}

/** Adds `hutch bridge record`, `replay` and `recordings`. */
export function addBridgeRecordCommands(bridge: Command, context: CliContext): void {
  bridge
    .command('record')
    .description('record all that bridges send, byte for byte')
    .argument('<endpoints...>', 'tcp://host:port or ipc:///path, one or more')
    .option('-z, --server-socket <type>', "the server's socket: REP, PUB or PUSH", 'REP')
    .option('-o, --output <dir>', 'new folder (default: karabo-bridge-recording-<UTC>Z)')
    .option('--trains <n>', 'stop after so many messages')
    .option('--duration <time>', 'stop after so long, such as 90s, 15m, 2h')
    .option('--max-bytes <size>', 'stop before it takes more, such as 500M, 20G')
    .option('--segment-bytes <size>', 'longest file', '4Gi')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
Ctrl-C ends the recording in order. What the disk is too slow for is left out as whole messages, and counted.

Examples:
  hutch bridge record tcp://bridge-host:4545 --trains 600
  hutch bridge record tcp://host-a:4545 tcp://host-b:4545 -z PUB -o scan3 --duration 15m --max-bytes 200G`,
    )
    .action((endpoints: string[], options: RecordOptions) => record(context, endpoints, options));

  bridge
    .command('replay')
    .description('send a recording as a Karabo bridge, byte for byte')
    .argument('<endpoint>', 'port number (all interfaces), or an endpoint such as tcp://0.0.0.0:4545')
    .argument('<dir>', 'folder of a recording, or of .kbm files with their index.json')
    .option('-z, --server-socket <type>', 'REP, PUB or PUSH', 'REP')
    .option('--rate <hz>', 'messages per second; 0 = as fast as they are taken')
    .option('--original', 'with the pauses of the recording (this is the default)')
    .option('--loop', 'begin again after the last one')
    .option('--start <train>', 'first message: a train id, or a position below 1000000')
    .option('--stop <train>', 'message to stop before: a train id, or a position below 1000000')
    .option('--new-train-ids [first]', 'ids that only grow, and the time of sending, in place of the recorded ones')
    .option('--protocol <version>', 'of a folder of .kbm files with several: which one')
    .addHelpText(
      'after',
      `
Each message is sent once, when it is due and a client takes it; a slow client makes it late.

Examples:
  hutch bridge replay tcp://0.0.0.0:4545 karabo-bridge-recording-20240131T235959Z
  hutch bridge replay 4545 scan3 --rate 10 --loop --new-train-ids -z PUSH`,
    )
    .action((endpoint: string, dir: string, options: ReplayOptions) => replay(context, endpoint, dir, options));

  bridge
    .command('recordings')
    .description('list the recordings in a folder')
    .argument('[dir]', 'folder', '.')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge recordings
  hutch bridge recordings scratch/streams --json`,
    )
    .action(async (dir: string, options: { json?: boolean }) => {
      const { listRecordings } = await import('../platform/node/bridge-recording/open-recording.ts');
      const listed = await listRecordings(dir);
      if (options.json) context.write(`${JSON.stringify(listed, null, 2)}\n`);
      else context.write(listed.length > 0 ? listed.map(recordingText).join('') : `No recordings in ${dir}.\n`);
      if (listed.some(({ messages, isClosed }) => messages === 0 && !isClosed)) context.exitWith(1);
    });
}

async function record(context: CliContext, endpoints: readonly string[], options: RecordOptions): Promise<void> {
  const socket = clientSocketOf(options.serverSocket);
  const limits = {
    maxMessages: options.trains === undefined ? undefined : wholeOf('--trains', options.trains, 1),
    maxBytes: options.maxBytes === undefined ? undefined : bytesOf('--max-bytes', options.maxBytes),
    maxDurationMs: options.duration === undefined ? undefined : 1000 * secondsOf('--duration', options.duration),
    segmentBytes: bytesOf('--segment-bytes', options.segmentBytes ?? '4Gi'),
  };
  if (limits.segmentBytes < 1000) throw new Usage('--segment-bytes must be at least 1000.');
  if ((limits.maxDurationMs ?? 0) > 2 ** 31 - 1) throw new Usage('--duration must be shorter than 24 days.');
  const { recordBridge } = await import('../platform/node/bridge-recording/record-bridge.ts');
  const said = new Map<string, string>();
  let width = 0;
  const show = (progress: RecordingProgress) => {
    if (!context.isTerminal) return;
    const text = progressText(progress);
    width = Math.max(width, text.length);
    context.note(`\r${text.padEnd(width)}`);
  };
  const recorder = await recordBridge({
    endpoints,
    socket,
    dir: options.output,
    signal: context.signal,
    onProgress: show,
    onStatus(endpoint, { state, text }) {
      if (state === 'receiving') said.delete(endpoint);
      if (text === undefined || said.get(endpoint) === text) return;
      said.set(endpoint, text);
      context.note(`${context.isTerminal ? '\r' : ''}${text.padEnd(context.isTerminal ? width : 0)}\n`);
    },
    ...limits,
  });
  if (!options.json) context.write(`Recording to ${recorder.dir}\n`);
  const info = await recorder.finished;
  if (context.isTerminal) context.note('\n');
  if (options.json) context.write(`${JSON.stringify({ dir: recorder.dir, ...info }, null, 2)}\n`);
  else {
    const lost = [
      info.dropped > 0 ? `${info.dropped} left out because the disk was too slow` : '',
      info.missing > 0 ? `${info.missing} train ids not given by the bridge` : '',
      info.unreadable > 0 ? `${info.unreadable} that are no bridge messages` : '',
    ].filter(Boolean);
    context.write(`${[`${info.messages} messages`, bytesText(info.bytes), ...lost].join(', ')} (${info.reason})\n`);
  }
}

function progressText({ messages, bytes, dropped, missing, lastTrainId, elapsedMs }: RecordingProgress): string {
  const seconds = Math.max(0.001, elapsedMs / 1000);
  return [
    `${messages} messages`,
    bytesText(bytes),
    `${(messages / seconds).toFixed(1)} Hz, ${bytesText(bytes / seconds)}/s`,
    `train ${lastTrainId ?? '-'}`,
    `${dropped} dropped, ${missing} missing`,
    `${seconds.toFixed(0)} s`,
  ].join('  ');
}

async function replay(context: CliContext, endpoint: string, dir: string, options: ReplayOptions): Promise<void> {
  const kind = serverSocketOf(options.serverSocket);
  if (options.rate !== undefined && options.original) throw new Usage('Give --rate or --original, not both.');
  const rate = options.rate === undefined ? null : numberOf('--rate', options.rate);
  const pace = rate === null ? 'original' : rate === 0 ? 'asked' : { rateHz: rate };
  const [{ openRecording }, { timedMessages }, { replayMessages }, { zmtpTransport }] = await Promise.all([
    import('../platform/node/bridge-recording/open-recording.ts'),
    import('../platform/node/bridge-recording/timed-messages.ts'),
    import('../bridge/replay-recording.ts'),
    import('../platform/node/zmtp/zmtp-transport.ts'),
  ]);
  const protocol = options.protocol === undefined ? undefined : protocolOf(options.protocol);
  const recording = await openRecording(dir, { protocol });
  try {
    for (const warning of recording.warnings) context.note(`hutch: ${warning}\n`);
    const start = options.start === undefined ? 0 : positionOf(recording, '--start', options.start);
    const stop = options.stop === undefined ? recording.entries.length : positionOf(recording, '--stop', options.stop);
    if (recording.entries.length === 0)
      throw new NoData(`${dir} is a recording without any message: there is nothing to replay.`);
    if (stop <= start) throw new Usage(`Nothing to replay: message ${start} up to, without, ${stop}.`);
    const firstTrainId = newTrainIdOf(options.newTrainIds);
    const socket = await zmtpTransport.bind(/^\d+$/.test(endpoint) ? `tcp://*:${endpoint}` : endpoint, kind);
    let isSent = false;
    try {
      const speed = pace === 'original' ? 'as recorded' : pace === 'asked' ? 'as fast as asked' : `${rate} Hz`;
      context.write(`Replay on ${socket.endpoint} (${kind}), ${stop - start} messages, ${speed}\n`);
      // Without the signal: sending ends in order with it, and reading must not throw in between.
      const damaged = new Set<string>();
      const messages = timedMessages(recording, {
        start,
        stop,
        onDamaged: ({ message }) => {
          if (!damaged.has(message)) context.note(`hutch: ${message} It is left out.\n`);
          damaged.add(message);
        },
        isLooped: options.loop,
        firstTrainId,
      });
      const sent = await replayMessages(socket, kind, messages, {
        signal: context.signal,
        pace,
        onSent: (count) => {
          if (context.isTerminal) context.note(`\r${count} sent`);
        },
      });
      isSent = !context.signal.aborted;
      context.note(
        `${context.isTerminal ? '\r' : ''}${sent} messages sent${damaged.size > 0 ? `, ${damaged.size} damaged left out` : ''}.\n`,
      );
    } finally {
      await socket.close({ flush: isSent });
    }
  } finally {
    await recording.close();
  }
}

/** Positions are smaller than any train id of the machine. */
const FIRST_ID = 1_000_000;

function positionOf(recording: Recording, option: string, given: string): number {
  const value = wholeOf(option, given, 0);
  // Up to a train that has not come is up to the end.
  if (option === '--stop' && value >= FIRST_ID && recording.entries.every(({ trainId }) => trainId < value))
    return recording.entries.length;
  return value < FIRST_ID && !recording.entries.some(({ trainId }) => trainId === value)
    ? value
    : recording.indexOf(value);
}

function newTrainIdOf(given: boolean | string | undefined): number | undefined {
  if (given === undefined || given === false) return undefined;
  return given === true ? 10_000_000_000 : wholeOf('--new-train-ids', given, 1);
}

function recordingText(listing: RecordingListing): string {
  const { name, messages, bytes, firstTrainId, lastTrainId, startedAt, durationMs, endpoints, sources } = listing;
  const lines = [
    `${name}: ${messages} messages, ${bytesText(bytes)}, ${(durationMs / 1000).toFixed(1)} s${listing.isClosed ? '' : ', not closed'}`,
    `  trains ${firstTrainId ?? '-'} to ${lastTrainId ?? '-'}; ${listing.dropped} dropped, ${listing.missing} missing`,
  ];
  if (startedAt !== null) lines.push(`  from ${new Date(startedAt).toISOString()}, ${endpoints.join(', ')}`);
  for (const source of sources.slice(0, 10)) lines.push(`  - ${source}`);
  if (sources.length > 10) lines.push(`  and ${sources.length - 10} more sources`);
  for (const warning of listing.warnings) lines.push(`  ! ${warning}`);
  return `${lines.join('\n').replace(/[^\n\P{C}]/gu, '?')}\n`;
}

import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { NoData, Usage } from '../core/errors.ts';
import type { Run } from '../data/run.ts';
import { protocolOf, serverSocketOf } from './bridge-options.ts';
import type { CliContext } from './context.ts';

interface StreamOptions {
  readonly appendDetectorModules?: boolean;
  readonly dummyTimestamps?: boolean;
  readonly useInfiniband?: boolean;
  readonly serverSocket: string;
  readonly protocol: string;
}

/** Adds `hutch bridge serve-files` and `serve-run`: recorded runs as a Karabo bridge, each train once. */
export function addBridgeServeCommands(bridge: Command, context: CliContext): void {
  const withStreamOptions = (command: Command) =>
    command
      .option('--append-detector-modules', 'join the modules of a detector to one source, <detector>/DET/APPEND')
      .option('--dummy-timestamps', 'stamp the sources with the time of sending')
      .option('--use-infiniband', 'listen on the InfiniBand interface ib0 only')
      .option('-z, --server-socket <type>', 'REP, PUB or PUSH', 'REP')
      .option('-p, --protocol <version>', '1.0, 2.0, 2.1 or 2.2', '2.2');

  withStreamOptions(
    bridge
      .command('serve-files')
      .description('stream a run folder or file once as a Karabo bridge')
      .argument('<path>', 'run folder or file, or pNNNNNN/rNNNN')
      .argument('<port>', 'port number (all interfaces), or an endpoint such as tcp://127.0.0.1:4545')
      .option('--source <pattern>', 'sources to stream', '*')
      .option('--key <pattern>', 'keys to stream', '*'),
  )
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge serve-files raw/r0034 4545 --source '*/MOTOR/*'
  hutch bridge serve-files proc/r0034 tcp://127.0.0.1:4545 --append-detector-modules -z PUSH`,
    )
    .action(async (path: string, port: string, options: StreamOptions & { source: string; key: string }) => {
      const run = await context.openRun(path, { signal: context.signal });
      try {
        await stream(context, run.select(options.source, options.key), port, options);
      } finally {
        await run.close();
      }
    });

  withStreamOptions(
    bridge
      .command('serve-run')
      .description('stream chosen sources of a run, raw and proc together, as a Karabo bridge')
      .argument('<proposal>', 'proposal number')
      .argument('<run>', 'run number')
      .option(
        '--include <pattern>',
        'what to stream: SOURCE or SOURCE[KEY], patterns allowed; may be repeated',
        (given: string, before: string[] = []) => [...before, given],
      )
      .option('--port <port>', 'port number or endpoint; 0 = any free port', '0')
      .option('--data-root <dir>', 'where the proposal is looked up')
      .option('--allow-partial', 'also trains in which some of the sources have no data'),
  )
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge serve-run 900001 34 --include 'SPB_XTD9_XGM/*' --port 4545
  hutch bridge serve-run 900001 34 --include '*/DET/*[image.data]' --include '*MOTOR*' --allow-partial`,
    )
    .action(
      async (
        proposal: string,
        number: string,
        options: StreamOptions & { include?: string[]; port: string; dataRoot?: string; allowPartial?: boolean },
      ) => {
        const { dataRoot } = options;
        const name = `p${numberAfter('p', 'proposal', proposal)}/r${numberAfter('r', 'run', number)}`;
        const run = await context.openRun(name, {
          dataRoot,
          data: 'all',
          signal: context.signal,
        });
        try {
          if (!options.include) {
            context.write(
              'Choose what to stream with --include SOURCE or --include SOURCE[KEY]. Sources of the run:\n',
            );
            for (const name of run.sources) context.write(`  ${name}\n`);
            return;
          }
          const selected = run.select(options.include.map(parseInclude));
          const kept = selected.requireData(options.allowPartial ? 'any' : 'all');
          if (kept.trainIds.length === 0) {
            throw new NoData('No train has data of all chosen sources. Choose other sources, or add --allow-partial.');
          }
          await stream(context, kept, options.port, options);
        } finally {
          await run.close();
        }
      },
    );
}

/** The digits of `900001` or `p900001`. @throws Usage */
function numberAfter(letter: string, what: string, text: string): string {
  const digits = new RegExp(`^${letter}?(\\d+)$`, 'i').exec(text)?.[1];
  if (digits === undefined)
    throw new Usage(`${what} "${text}" is no number. A path or a name goes with hutch bridge serve-files.`);
  return digits;
}

/** `SOURCE[KEY]` or `SOURCE`. @throws Usage */
export function parseInclude(text: string): readonly [source: string, key: string] {
  const match = /^([^[\]]+)(?:\[([^[\]]+)\])?$/.exec(text);
  if (!match) throw new Usage(`--include ${text} must be SOURCE or SOURCE[KEY].`);
  return [match[1], match[2] ?? '*'];
}

async function stream(context: CliContext, run: Run, port: string, options: StreamOptions): Promise<void> {
  const kind = serverSocketOf(options.serverSocket);
  const protocol = protocolOf(options.protocol);
  const [{ zmtpTransport }, { serveTrains }] = await Promise.all([
    import('../platform/node/zmtp/zmtp-transport.ts'),
    import('../bridge/serve-trains.ts'),
  ]);
  const socket = await zmtpTransport.bind(endpointOf(port, options.useInfiniband === true), kind);
  let isSent = false;
  try {
    context.write(`Streamer started on: ${socket.endpoint}\n`);
    const total = run.trainIds.length;
    let since = performance.now();
    const sent = await serveTrains(socket, kind, run.trains({ signal: context.signal }), {
      signal: context.signal,
      isMerged: options.appendDetectorModules,
      isStamped: options.dummyTimestamps,
      protocol,
      onSent(count, trainId) {
        if (count % 5 !== 0 && count !== total) return;
        const now = performance.now();
        const rate = ((count % 5 || 5) * 1000) / Math.max(1e-3, now - since);
        context.note(`Sent ${count}/${total} trains - Train ID ${trainId} - ${rate.toFixed(1)} Hz\n`);
        since = now;
      },
    });
    isSent = !context.signal.aborted;
    context.note(`${sent} trains sent.\n`);
  } finally {
    // Clients may still be reading the last train.
    await socket.close({ flush: isSent });
  }
}

/** A port on all interfaces or on InfiniBand, or the endpoint as given. @throws Usage if there is no InfiniBand */
function endpointOf(port: string, usesInfiniband: boolean): string {
  if (!/^\d+$/.test(port)) return port;
  if (!usesInfiniband) return `tcp://*:${port}`;
  const address = networkInterfaces()['ib0']?.find(({ family }) => family === 'IPv4')?.address;
  if (!address) throw new Usage('--use-infiniband: this computer has no interface ib0 with an IPv4 address.');
  return `tcp://${address}:${port}`;
}

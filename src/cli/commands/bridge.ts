import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import { addBridgeServeCommands } from '../bridge-serve.ts';
import type { CliContext } from '../context.ts';

interface SimOptions {
  readonly run?: string;
  readonly dataRoot?: string;
  readonly rate: string;
  readonly pulses?: string;
  readonly ring?: string;
  readonly trains?: string;
  readonly serverSocket: 'REP' | 'PUB' | 'PUSH';
  readonly detector: 'AGIPD' | 'AGIPDModule' | 'LPD';
  readonly raw?: boolean;
  readonly nsources: string;
  readonly gen: 'random' | 'zeros';
  readonly dataLike: 'online' | 'file';
}

/** Adds `hutch bridge sim`, `glimpse`, `serve-files` and `serve-run`. */
export function addBridgeCommands(program: Command, context: CliContext): void {
  const bridge = program.command('bridge').description('Karabo bridge: simulate one, look at one, stream runs');
  addSim(bridge, context);
  addGlimpse(bridge, context);
  addBridgeServeCommands(bridge, context);
}

function addSim(bridge: Command, context: CliContext): void {
  bridge
    .command('sim')
    .description('serve a replayed run, or made-up detector trains, as a Karabo bridge (protocol 2.2)')
    .argument(
      '<port>',
      'port number (all interfaces), or an endpoint such as tcp://127.0.0.1:4545 or ipc:///tmp/bridge',
    )
    .option('--run <run>', 'replay this run for ever, its detector modules merged')
    .option('--data-root <dir>', 'where pNNNNNN/rNNNN is looked up')
    .option('--rate <hz>', 'trains per second; 0 = as fast as asked', '10')
    .option('-z, --server-socket <type>', 'REP, PUB or PUSH', 'REP')
    .option('-d, --detector <name>', 'made-up detector: AGIPD, AGIPDModule, LPD', 'AGIPD')
    .option('-r, --raw', 'made-up raw data (uint16)')
    .option('-n, --nsources <n>', 'number of made-up sources', '1')
    .option('-g, --gen <how>', 'made-up values: random, zeros', 'random')
    .option('--data-like <layout>', 'made-up layout: online, file', 'online')
    .option('--pulses <n>', 'made-up pulses in a train')
    .option('--ring <n>', 'trains prepared in memory, at most 1 GiB (default: 4 made-up ones, 32 of a run)')
    .option('--trains <n>', 'stop after so many trains')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge sim 4545 --run raw/r0004 --rate 10
  hutch bridge sim tcp://127.0.0.1:4545 -d AGIPD --raw --pulses 64 --data-like file`,
    )
    .action(async (port: string, options: SimOptions) => {
      const kind = choose('server socket', options.serverSocket, ['REP', 'PUB', 'PUSH']);
      const rate = number('--rate', options.rate);
      const count = options.trains === undefined ? undefined : whole('--trains', options.trains, 1);
      const [{ zmtpTransport }, { serveMessages }, { createReplay }] = await Promise.all([
        import('../../platform/node/zmtp/zmtp-transport.ts'),
        import('../../bridge/server.ts'),
        import('../../bridge/replay.ts'),
      ]);
      // First of all the port: it would be a pity to prepare trains and then find it taken.
      const socket = await zmtpTransport.bind(/^\d+$/.test(port) ? `tcp://*:${port}` : port, kind);
      try {
        const trains = options.run ? await readRun(context, options.run, options) : await makeUp(options);
        const next = createReplay(trains);
        const speed = rate > 0 ? `${rate} Hz` : 'as fast as asked';
        context.write(`Simulated bridge on ${socket.endpoint} (${kind}), ${trains.length} trains in turn, ${speed}\n`);
        let sent = 0;
        let since = performance.now();
        const onSent = (receivers: number) => {
          if (receivers === 0 || ++sent % 50 !== 0) return;
          const now = performance.now();
          context.note(`${sent} trains sent, ${(50_000 / (now - since)).toFixed(1)} Hz\n`);
          since = now;
        };
        await serveMessages(socket, kind, next, { rate, signal: context.signal, count, onSent });
      } finally {
        await socket.close();
      }
    });
}

/** The first trains of a run, as many as are wanted and fit the memory. */
async function readRun(context: CliContext, name: string, options: SimOptions) {
  const [{ mergeDetector }, { bytesOfTrain }, { RING_BYTES }] = await Promise.all([
    import('../../bridge/merged-detector.ts'),
    import('../../bridge/train-message.ts'),
    import('../../bridge/synthetic-detector.ts'),
  ]);
  const wanted = whole('--ring', options.ring ?? '32', 1);
  const run = await context.openRun(name, { dataRoot: options.dataRoot, signal: context.signal });
  const trains = [];
  let bytes = 0;
  try {
    for await (const train of run.trains({ signal: context.signal })) {
      const merged = mergeDetector(train);
      trains.push(merged);
      const size = bytesOfTrain(merged);
      bytes += size;
      if (trains.length >= wanted || bytes + size > RING_BYTES) break;
    }
    if (trains.length < run.trainIds.length)
      context.note(`The first ${trains.length} of ${run.trainIds.length} trains are sent in turn.\n`);
  } finally {
    await run.close();
  }
  return trains;
}

async function makeUp(options: SimOptions) {
  const { makeSyntheticTrains } = await import('../../bridge/synthetic-detector.ts');
  return makeSyntheticTrains(
    {
      detector: choose('detector', options.detector, ['AGIPD', 'AGIPDModule', 'LPD']),
      isRaw: options.raw === true,
      values: choose('--gen', options.gen, ['random', 'zeros']),
      layout: choose('--data-like', options.dataLike, ['online', 'file']),
      pulses: options.pulses === undefined ? undefined : whole('--pulses', options.pulses, 1),
      sources: whole('--nsources', options.nsources, 1),
    },
    whole('--ring', options.ring ?? '4', 1),
  );
}

function addGlimpse(bridge: Command, context: CliContext): void {
  bridge
    .command('glimpse')
    .description('show what one train of a bridge holds')
    .argument('<endpoint>', 'tcp://host:port or ipc:///path')
    .option('-z, --server-socket <type>', "the server's socket: REP, PUB or PUSH", 'REP')
    .option('--timeout <s>', 'give up after so many seconds', '10')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge glimpse tcp://localhost:4545
  hutch bridge glimpse tcp://localhost:4545 -z PUB --json`,
    )
    .action(async (endpoint: string, options: { serverSocket: string; timeout: string; json?: boolean }) => {
      const [{ zmtpTransport }, { receiveTrains }, { describeTrain, printTrain }] = await Promise.all([
        import('../../platform/node/zmtp/zmtp-transport.ts'),
        import('../../bridge/client.ts'),
        import('../../bridge/glimpse.ts'),
      ]);
      const { BridgeTimeout } = await import('../../core/errors.ts');
      const seconds = number('--timeout', options.timeout);
      if (seconds === 0 || seconds > 86_400)
        throw new Usage(`--timeout ${seconds} must be above 0 and at most 86400 s.`);
      const socket = ({ REP: 'REQ', PUB: 'SUB', PUSH: 'PULL' } as const)[
        choose('server socket', options.serverSocket, ['REP', 'PUB', 'PUSH'])
      ];
      const timeout = AbortSignal.timeout(seconds * 1000);
      let said = '';
      const started = performance.now();
      const trains = receiveTrains({
        endpoint,
        socket,
        transport: zmtpTransport,
        signal: AbortSignal.any([context.signal, timeout]),
        onStatus: ({ text }) => {
          said = text ?? said;
        },
      });
      for await (const train of trains) {
        if (options.json) context.write(`${JSON.stringify(describeTrain(train), null, 2)}\n`);
        else context.write(printTrain(train, performance.now() - started));
        return;
      }
      throw new BridgeTimeout(`No train from ${endpoint} in ${seconds} s. ${said}`.trim(), { endpoint });
    });
}

function choose<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each.toLowerCase() === given.toLowerCase());
  if (!found) throw new Usage(`Unknown ${what} "${given}": choose ${allowed.join(', ')}.`);
  return found;
}

function number(option: string, given: string): number {
  const value = Number(given);
  if (given.trim() === '' || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new Usage(`${option} ${given} must be a number >= 0.`);
  return value;
}

function whole(option: string, given: string, low: number): number {
  const value = number(option, given);
  if (!Number.isInteger(value) || value < low) throw new Usage(`${option} ${given} must be a whole number >= ${low}.`);
  return value;
}

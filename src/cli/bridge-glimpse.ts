import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BridgeStatus } from '../bridge/client.ts';
import { BridgeTimeout, Usage } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { clientSocketOf, numberOf, wholeOf } from './bridge-options.ts';
import type { CliContext } from './context.ts';

interface GlimpseOptions {
  readonly serverSocket: string;
  readonly timeout: string;
  readonly verbose: number;
  readonly save?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

interface MonitorOptions {
  readonly serverSocket: string;
  readonly verbose: number;
  readonly ntrains?: string;
  readonly json?: boolean;
}

const VERBOSE = ['-v, --verbose', 'tell more; may be given twice'] as const;
/** After so long without a train a bridge is called silent, ms: before `glimpse` gives up, so that it can say so. */
const SILENCE_MS = 5000;
const more = (_: unknown, before: number) => before + 1;

/** Adds `hutch bridge glimpse` and `hutch bridge monitor`. */
export function addBridgeGlimpseCommands(bridge: Command, context: CliContext): void {
  bridge
    .command('glimpse')
    .description('show what one train of a bridge holds')
    .argument('<endpoint>', 'tcp://host:port or ipc:///path')
    .option('-z, --server-socket <type>', "the server's socket: REP, PUB or PUSH", 'REP')
    .option('-s, --save', 'save the train to an HDF5 file named for the bridge and the time')
    .option('-o, --output <file>', 'save the train to this HDF5 file')
    .option(VERBOSE[0], '-v: whole values; -vv: also what arrays hold', more, 0)
    .option('--timeout <s>', 'give up after so many seconds', '10')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge glimpse tcp://localhost:4545
  hutch bridge glimpse tcp://localhost:4545 -z PUB --save --json`,
    )
    .action((endpoint: string, options: GlimpseOptions) => glimpse(context, endpoint, options));

  bridge
    .command('monitor')
    .description('show each train of a bridge')
    .argument('<endpoint>', 'tcp://host:port or ipc:///path')
    .option('-z, --server-socket <type>', "the server's socket: REP, PUB or PUSH", 'REP')
    .option(VERBOSE[0], '-v: values; -vv: whole values; -vvv: also what arrays hold', more, 0)
    .option('--ntrains <n>', 'stop after so many trains')
    .option('--json', 'print one line of JSON a train')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge monitor tcp://localhost:4545 --ntrains 10
  hutch bridge monitor tcp://localhost:4545 -z PUB -v`,
    )
    .action((endpoint: string, options: MonitorOptions) => monitor(context, endpoint, options));
}

async function glimpse(context: CliContext, endpoint: string, options: GlimpseOptions): Promise<void> {
  const seconds = numberOf('--timeout', options.timeout);
  if (seconds === 0 || seconds > 86_400) throw new Usage(`--timeout ${seconds} must be above 0 and at most 86400 s.`);
  const socket = clientSocketOf(options.serverSocket);
  const timeout = AbortSignal.timeout(seconds * 1000);
  let said = '';
  let started = performance.now();
  const trains = await openStream(
    endpoint,
    socket,
    AbortSignal.any([context.signal, timeout]),
    (status) => {
      said = status.text ?? said;
      // A train's time begins when it is asked for, not when the connection was tried.
      if (status.isConnected && status.state === 'connecting') started = performance.now();
    },
    Math.min(SILENCE_MS, 500 * seconds),
  );
  const { describeTrain, printTrain } = await import('../bridge/glimpse.ts');
  for await (const train of trains) {
    const milliseconds = performance.now() - started;
    if (options.json) context.write(`${JSON.stringify(describeTrain(train), null, 2)}\n`);
    else context.write(printTrain(train, { milliseconds, socket, verbosity: 1 + options.verbose }));
    if (options.save || options.output) await save(context, train, options.output ?? savedName(endpoint, new Date()));
    return;
  }
  context.signal.throwIfAborted();
  const reason = said.replace(/ Trying again\.$/, '');
  throw new BridgeTimeout(`No train from ${endpoint} in ${seconds} s. ${reason}`.trim(), { endpoint });
}

async function monitor(context: CliContext, endpoint: string, options: MonitorOptions): Promise<void> {
  const count = options.ntrains === undefined ? Number.POSITIVE_INFINITY : wholeOf('--ntrains', options.ntrains, 1);
  const socket = clientSocketOf(options.serverSocket);
  let said = '';
  let asked = performance.now();
  const trains = await openStream(endpoint, socket, context.signal, ({ state, isConnected, text }) => {
    if (isConnected && state === 'connecting') asked = performance.now();
    if (state === 'receiving') said = '';
    if (text === undefined || text === said) return;
    said = text;
    context.note(`${text}\n`);
  });
  const { describeTrain, printTrain } = await import('../bridge/glimpse.ts');
  let seen = 0;
  for await (const train of trains) {
    const milliseconds = performance.now() - asked;
    if (options.json) context.write(`${JSON.stringify(describeTrain(train))}\n`);
    else context.write(printTrain(train, { milliseconds, socket, verbosity: options.verbose }));
    train.release?.();
    if (++seen >= count) return;
    asked = performance.now();
  }
  context.note('exit.\n');
}

async function openStream(
  endpoint: string,
  socket: 'REQ' | 'SUB' | 'PULL',
  signal: AbortSignal,
  onStatus: (status: BridgeStatus) => void,
  silenceMs = SILENCE_MS,
): Promise<AsyncIterable<Train>> {
  const [{ zmtpTransport }, { receiveTrains }] = await Promise.all([
    import('../platform/node/zmtp/zmtp-transport.ts'),
    import('../bridge/client.ts'),
  ]);
  return receiveTrains({ endpoint, socket, transport: zmtpTransport, signal, onStatus, silenceMs });
}

async function save(context: CliContext, train: Train, path: string): Promise<void> {
  const [{ nodeHdf5Creator }, { createHdf5 }, { writeTrain }] = await Promise.all([
    import('../platform/node/hdf5-create.ts'),
    import('../formats/hdf5-writer.ts'),
    import('../bridge/train-hdf5.ts'),
  ]);
  const unsaved = await createHdf5(nodeHdf5Creator, path, (writer) => writeTrain(writer, train));
  for (const { path: name, reason } of unsaved) context.note(`hutch: ${name} is not saved: ${reason}\n`);
  context.note(`Saved to ${resolve(path)}\n`);
}

/** `<host>_<port>_<YYYYmmdd_HHMMSSff>.h5`, local time. @source karabo_bridge, glimpse --save */
function savedName(endpoint: string, now: Date): string {
  const address = endpoint
    .replace(/^\w+:\/\//, '')
    .replace(/^(localhost|127\.0\.0\.1)(?=:)/, hostname())
    .replace(/[/:\\[\]]/g, '_');
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${address}_${date}_${time}${two(Math.floor(now.getMilliseconds() / 10))}.h5`;
}

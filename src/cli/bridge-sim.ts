import type { Command } from 'commander';
import { SYNTHETIC_DETECTORS, type SyntheticOptions } from '../bridge/synthetic-detector.ts';
import { Usage } from '../core/errors.ts';
import type { Train } from '../core/train.ts';
import { chooseWord, numberOf, protocolOf, serverSocketOf, wholeOf } from './bridge-options.ts';
import type { CliContext } from './context.ts';

interface SimOptions {
  readonly run?: string;
  readonly dataRoot?: string;
  readonly rate: string;
  readonly pulses?: string;
  readonly ring?: string;
  readonly trains?: string;
  readonly serverSocket: string;
  readonly protocol: string;
  readonly serialisation: string;
  readonly detector: string;
  readonly raw?: boolean;
  readonly nsources?: string;
  readonly gen: string;
  readonly dataLike: string;
  readonly debug?: boolean;
}

const CONTENTS = [...SYNTHETIC_DETECTORS, 'control', 'mixed'] as const;
/** Trains in turn where they are cheap: a whole scan of the motors. */
const CONTROL_RING = 100;
const MAX_PULSES = 2700;

/** Adds `hutch bridge sim`. */
export function addBridgeSimCommand(bridge: Command, context: CliContext): void {
  bridge
    .command('sim')
    .description('serve a replayed run, or made-up trains, as a Karabo bridge')
    .argument(
      '<port>',
      'port number (all interfaces), or an endpoint such as tcp://127.0.0.1:4545 or ipc:///tmp/bridge',
    )
    .option('--run <run>', 'replay this run for ever, its detector modules merged')
    .option('--data-root <dir>', 'where pNNNNNN/rNNNN is looked up')
    .option('--rate <hz>', 'trains per second; 0 = as fast as asked', '10')
    .option('-z, --server-socket <type>', 'REP, PUB or PUSH', 'REP')
    .option('-p, --protocol <version>', '1.0, 2.0, 2.1 or 2.2', '2.2')
    .option('-s, --serialisation <name>', 'msgpack, the only one', 'msgpack')
    .option('-d, --detector <name>', `made-up content: ${CONTENTS.join(', ')}`, 'AGIPD')
    .option('-r, --raw', 'made-up raw data (uint16)')
    .option('-n, --nsources <n>', 'number of made-up sources; of control and mixed the number of motors')
    .option('-g, --gen <how>', 'made-up values: random, zeros, physics (AGIPD: rings of powder)', 'random')
    .option('--data-like <layout>', 'made-up layout: online, file', 'online')
    .option('--pulses <n>', 'made-up pulses in a train')
    .option(
      '--ring <n>',
      'trains prepared in memory, at most 1 GiB (default: 4 of a detector, 100 with control data, 32 of a run)',
    )
    .option('--trains <n>', 'stop after so many trains')
    .option('--debug', 'one line a train that was sent')
    .addHelpText(
      'after',
      `
Examples:
  hutch bridge sim 4545 --run raw/r0004 --rate 10
  hutch bridge sim tcp://127.0.0.1:4545 -d AGIPD --raw --pulses 64 --data-like file
  hutch bridge sim 4545 -d mixed -n 8 -p 1.0`,
    )
    .action((port: string, options: SimOptions) => simulate(context, port, options));
}

async function simulate(context: CliContext, port: string, options: SimOptions): Promise<void> {
  const kind = serverSocketOf(options.serverSocket);
  const rate = numberOf('--rate', options.rate);
  const count = options.trains === undefined ? undefined : wholeOf('--trains', options.trains, 1);
  const protocol = protocolOf(options.protocol);
  if (options.serialisation === 'pickle')
    throw new Usage('Pickle is not offered: reading it runs whatever the sender wrote. Use msgpack.');
  chooseWord('serialisation', options.serialisation, ['msgpack']);
  const [{ zmtpTransport }, { serveMessages }, { createReplay }] = await Promise.all([
    import('../platform/node/zmtp/zmtp-transport.ts'),
    import('../bridge/server.ts'),
    import('../bridge/replay.ts'),
  ]);
  // First of all the port: it would be a pity to prepare trains and then find it taken.
  const socket = await zmtpTransport.bind(/^\d+$/.test(port) ? `tcp://*:${port}` : port, kind);
  try {
    const trains = options.run ? await readRun(context, options.run, options) : await makeUp(context, options);
    const next = createReplay(trains, undefined, protocol);
    const speed = rate > 0 ? `${rate} Hz` : 'as fast as asked';
    context.write(`Simulated bridge on ${socket.endpoint} (${kind}), ${trains.length} trains in turn, ${speed}\n`);
    let sent = 0;
    let since = performance.now();
    const onSent = (receivers: number) => {
      if (receivers === 0) return;
      sent++;
      if (options.debug) context.note(`train ${sent} sent to ${receivers} client${receivers > 1 ? 's' : ''}\n`);
      if (sent % 50 !== 0) return;
      const now = performance.now();
      context.note(`${sent} trains sent, ${(50_000 / (now - since)).toFixed(1)} Hz\n`);
      since = now;
    };
    await serveMessages(socket, kind, next, { rate, signal: context.signal, count, onSent });
  } finally {
    await socket.close();
  }
}

/** The first trains of a run, as many as are wanted and fit the memory. */
async function readRun(context: CliContext, name: string, options: SimOptions): Promise<Train[]> {
  const [{ mergeDetector }, { bytesOfTrain }, { RING_BYTES }] = await Promise.all([
    import('../bridge/merged-detector.ts'),
    import('../bridge/train-message.ts'),
    import('../bridge/synthetic-detector.ts'),
  ]);
  const wanted = wholeOf('--ring', options.ring ?? '32', 1);
  const run = await context.openRun(name, { dataRoot: options.dataRoot, signal: context.signal });
  const trains: Train[] = [];
  let bytes = 0;
  try {
    for await (const train of run.trains({ signal: context.signal })) {
      const all = mergeDetector(train);
      // As at a bridge: who has nothing to say in a train is not in it.
      const sources = new Map([...all.sources].filter(([, { data }]) => data.size > 0));
      if (sources.size === 0) continue;
      const merged = { ...all, sources };
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

async function makeUp(context: CliContext, options: SimOptions): Promise<Train[]> {
  const content = chooseWord('detector', options.detector, CONTENTS);
  const values = chooseWord('--gen', options.gen, ['random', 'zeros', 'physics']);
  const layout = chooseWord('--data-like', options.dataLike, ['online', 'file']);
  const pulses = options.pulses === undefined ? undefined : wholeOf('--pulses', options.pulses, 1);
  if (pulses !== undefined && pulses > MAX_PULSES)
    throw new Usage(`--pulses ${pulses} must be at most ${MAX_PULSES}: a train of the machine has no more.`);
  const number = options.nsources === undefined ? undefined : wholeOf('--nsources', options.nsources, 1);
  const ring = options.ring === undefined ? undefined : wholeOf('--ring', options.ring, 1);
  const hasBeamline = content === 'control' || content === 'mixed';
  if (content === 'control') {
    const unused = [options.raw && '--raw', values !== 'random' && '--gen', layout !== 'online' && '--data-like'];
    const words = unused.filter(Boolean).join(', ');
    if (words) context.note(`Control data is not of a detector: without use here: ${words}.\n`);
  }
  const makeDetector = async (detector: SyntheticOptions['detector'], sources: number, count: number) => {
    const facts = { detector, isRaw: options.raw === true, layout, pulses, sources };
    if (values === 'physics') {
      const { makePhysicsTrains } = await import('./bridge-physics.ts');
      return makePhysicsTrains(facts, count, context);
    }
    const { makeSyntheticTrains } = await import('../bridge/synthetic-detector.ts');
    return makeSyntheticTrains({ ...facts, values }, count);
  };
  if (!hasBeamline) return makeDetector(content, number ?? 1, ring ?? 4);
  const { makeBeamlineTrains } = await import('../bridge/synthetic-beamline.ts');
  const count = ring ?? CONTROL_RING;
  const detector = content === 'mixed' ? await makeDetector('AGIPD', 1, Math.min(count, 4)) : [];
  return makeBeamlineTrains({ pulses: pulses ?? 64, motors: number ?? 4, layout }, count, detector);
}

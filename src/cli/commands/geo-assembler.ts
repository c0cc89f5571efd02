import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type CliContext, parseRunName } from '../context.ts';
import {
  type GeoAssemblerArguments,
  geometryPageAddress,
  parseGeoAssembler,
  placeOfRun,
} from '../geo-assembler-arguments.ts';

/** How long a server that may be running already has to answer, ms. */
const ASK_MS = 700;

/** Adds `hutch geo-assembler`, which takes the arguments of GeoAssembler in both of their spellings. */
export function addGeoAssemblerCommand(program: Command, context: CliContext): void {
  program
    .command('geo-assembler')
    .description('move quadrants, modules and tiles over a picture: opens the Geometry page')
    .argument('[arguments...]', 'a run, and the options below')
    .allowUnknownOption()
    // -nb_dir is one word here, and options come before or after the run.
    .passThroughOptions()
    .addHelpText(
      'after',
      `
  -r, --run, --rundir <run>       run folder, or pNNNNNN/rNNNN with --data-root
  -g, --geometry <file>           .geom of the detector; others are loaded on the page
  -c, --clen <m>                  sample to detector
  -e, --energy <eV>               photon energy
  -l, --level <min> <max>         values between which colours run
  --det <name>                    detector, where the run has several
  -nb, --notebook                 write a Jupyter notebook instead of opening the page
  -nb_dir, -nb_folder, --nb_dir <folder>, -nb_file, --nb_file <name>
                                  where to (default: ./geoAssembler.ipynb)
  --test                          the example proposal
  --data-root <dir>               folder with INSTRUMENT/CYCLE/pNNNNNN (default: of the run, or $EXTRA_DATA_DATA_ROOT)
  --port <n>                      of the server (default: 8090; one that runs there already is used if it has the run)
  --no-browser                    only print the address

Examples:
  hutch geo-assembler -r /gpfs/exfel/exp/SPB/202301/p900001/raw/r0034 -c 0.119 -e 9300
  hutch geo-assembler --test
  hutch geo-assembler -nb -nb_dir ~/notebooks --run p900001/r0034 --data-root /gpfs/exfel/exp`,
    )
    .action(async (words: readonly string[]) => {
      const asked = parseGeoAssembler(words);
      if (asked.isNotebook) await writeNotebook(context, asked);
      else await openPage(context, asked);
    });
}

async function writeNotebook(context: CliContext, asked: GeoAssemblerArguments): Promise<void> {
  const [{ geoAssemblerNotebook }, { writeAside }] = await Promise.all([
    import('../geo-assembler-notebook.ts'),
    import('../../platform/node/write-aside.ts'),
  ]);
  const name = asked.notebookFile.endsWith('.ipynb') ? asked.notebookFile : `${asked.notebookFile}.ipynb`;
  const path = join(asked.notebookFolder, name);
  // The kernel starts in the folder of the notebook, not here.
  const absolute = (file: string | null) => (file === null ? null : resolve(file));
  const { run, geometry, dataRoot } = asked;
  // It may be meant for another machine, so this is no reason to write none.
  for (const file of [run !== null && parseRunName(run) ? null : run, geometry, dataRoot])
    if (file !== null && !existsSync(file)) context.note(`There is no ${file} here; the notebook will need it.\n`);
  const notebook = geoAssemblerNotebook({
    ...asked,
    run: run !== null && parseRunName(run) ? run : absolute(run),
    geometry: absolute(geometry),
    dataRoot: absolute(dataRoot),
  });
  await writeAside(path, [notebook]);
  context.write(`${path}\n`);
}

async function openPage(context: CliContext, asked: GeoAssemblerArguments): Promise<void> {
  const dataRoot = asked.dataRoot ?? process.env['EXTRA_DATA_DATA_ROOT'] ?? null;
  const place = asked.run === null || asked.isTest ? null : placeOfRun(asked.run, dataRoot);
  const root = asked.isTest ? null : (place?.dataRoot ?? dataRoot);
  const running = asked.geometry === null ? await findServer(asked.port, root, asked.isTest) : null;
  if (running !== null) {
    const address = geometryPageAddress(running, place, asked);
    context.write(`${address}\n`);
    if (asked.isShown) show(address);
    return;
  }
  const [{ startServer }, { loadGeometry }] = await Promise.all([
    import('../../server/main.ts'),
    import('../../platform/node/load-geometry.ts'),
  ]);
  const server = await startServer({
    host: '127.0.0.1',
    port: asked.port,
    dataRoot: root,
    bridge: null,
    geometry: asked.geometry === null ? null : await loadGeometry(asked.geometry),
    isDemo: asked.isTest,
    recordings: null,
    log: (line) => context.note(`${line}\n`),
    signal: context.signal,
  });
  try {
    const address = geometryPageAddress(server.address, place, asked);
    context.write(`The Geometry page is at ${address}\n`);
    if (asked.isShown) show(address);
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    context.note('Stopping ...\n');
  } finally {
    await server.close();
  }
}

/** Address of a server that runs at the port and has the wanted runs; null if there is none. */
async function findServer(port: number, dataRoot: string | null, isDemo: boolean): Promise<string | null> {
  if (port === 0) return null;
  const address = `http://127.0.0.1:${port}`;
  try {
    const reply = await fetch(`${address}/api/status`, { signal: AbortSignal.timeout(ASK_MS) });
    const status = (await reply.json()) as { name?: string; dataRoot?: string | null; isDemo?: boolean };
    const fits = isDemo ? status.isDemo === true : dataRoot === null || status.dataRoot === dataRoot;
    return status.name === 'hutch' && fits ? address : null;
  } catch {
    return null;
  }
}

/** Opens an address in the browser of a desktop; where there is none, the printed address has to do. */
function show(address: string): void {
  const isMac = process.platform === 'darwin';
  if (!isMac && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return;
  const opener = spawn(isMac ? 'open' : 'xdg-open', [address], { stdio: 'ignore', detached: true });
  opener.once('error', () => undefined);
  opener.unref();
}

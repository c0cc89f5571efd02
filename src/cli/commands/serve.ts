import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { Geometry } from '../../detector/geometry.ts';
import type { CliContext } from '../context.ts';
import { addGeometryFileOptions, type GeometryFileOptions, loadGeometryFile } from '../geometry-options.ts';

interface ServeOptions extends GeometryFileOptions {
  readonly dataRoot?: string;
  readonly host: string;
  readonly port: string;
  readonly bridge?: string;
  readonly geometry?: string;
  readonly recordings?: string;
  readonly demo?: boolean;
}

/** Adds `hutch serve`. */
export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .description('serve the pages: live view of a bridge, and the runs of a data root')
    .option('--data-root <dir>', 'folder with INSTRUMENT/CYCLE/pNNNNNN (default: $EXTRA_DATA_DATA_ROOT)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 = any free one', '8090')
    .option('--bridge <endpoint>', 'Karabo bridge to watch, tcp://host:port')
    .option('--geometry <file>', 'geometry of the detector: CrystFEL .geom, EuXFEL HDF5, positions as CSV')
    .option('--recordings <dir>', "folder of bridge recordings (default: hutch/recordings in the user's data folder)")
    .option('--demo', 'make an example proposal, replay it as a bridge, and watch that');
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  hutch serve --demo
  hutch serve --data-root /gpfs/exfel/exp --bridge tcp://exflonc12:4510 --geometry agipd.geom
  hutch serve --bridge tcp://exflonc15:4501 --geometry lpd_mar_18.h5 --quads "11.4,299 -11.5,8 254.5,-16 278.5,275"`,
    )
    .action(async (options: ServeOptions) => {
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new Usage(`--port ${options.port} must be a whole number from 0 to 65535.`);
      const geometry = await givenGeometry(options);
      if (geometry) {
        const { name, dataShape } = geometry.detector;
        context.note(
          `${options.geometry}: ${name}, ${dataShape[0]} modules of ${dataShape[1]} x ${dataShape[2]} pixels\n`,
        );
      }
      const { startServer } = await import('../../server/main.ts');
      const server = await startServer({
        host: options.host,
        port,
        dataRoot: options.dataRoot ?? (options.demo ? null : (process.env['EXTRA_DATA_DATA_ROOT'] ?? null)),
        bridge: options.bridge ?? null,
        geometry,
        recordings: options.recordings ?? null,
        isDemo: options.demo === true,
        log: (line) => context.note(`${line}\n`),
        signal: context.signal,
      });
      context.write(`Hutch is at ${server.address}\n`);
      await new Promise<void>((resolve) => {
        if (context.signal.aborted) resolve();
        else context.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      context.note('Stopping ...\n');
      await server.close();
    });
}

/** @throws Usage, and as loadGeometry */
async function givenGeometry(options: ServeOptions): Promise<Geometry | null> {
  if (options.geometry !== undefined) return loadGeometryFile(options.geometry, options);
  const alone = (['detector', 'modules', 'quads', 'inverted'] as const).find((name) => options[name] !== undefined);
  if (alone) throw new Usage(`--${alone} says how to read a geometry file: give it by --geometry FILE.`);
  return null;
}

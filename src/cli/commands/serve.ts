import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';

interface ServeOptions {
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
  program
    .command('serve')
    .description('serve the pages: live view of a bridge, and the runs of a data root')
    .option('--data-root <dir>', 'folder with INSTRUMENT/CYCLE/pNNNNNN (default: $EXTRA_DATA_DATA_ROOT)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 = any free one', '8090')
    .option('--bridge <endpoint>', 'Karabo bridge to watch, tcp://host:port')
    .option('--geometry <file>', 'CrystFEL .geom of the AGIPD1M')
    .option('--recordings <dir>', "folder of bridge recordings (default: hutch/recordings in the user's data folder)")
    .option('--demo', 'make an example proposal, replay it as a bridge, and watch that')
    .addHelpText(
      'after',
      `
Examples:
  hutch serve --demo
  hutch serve --data-root /gpfs/exfel/exp --bridge tcp://exflonc12:4510 --geometry agipd.geom`,
    )
    .action(async (options: ServeOptions) => {
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new Usage(`--port ${options.port} must be a whole number from 0 to 65535.`);
      const { startServer } = await import('../../server/main.ts');
      const server = await startServer({
        host: options.host,
        port,
        dataRoot: options.dataRoot ?? (options.demo ? null : (process.env['EXTRA_DATA_DATA_ROOT'] ?? null)),
        bridge: options.bridge ?? null,
        geometry: options.geometry ?? null,
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

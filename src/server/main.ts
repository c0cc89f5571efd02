import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PortInUse, RunNotFound } from '../core/errors.ts';
import { findProposal } from '../data/open-run.ts';
import { createRunLister, listProposals } from '../data/proposals.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { geometryInfo, snapGeometry } from '../detector/snapped-geometry.ts';
import type { LiveSettings } from '../live/engine.ts';
import { appRoot, packageJsonPath } from '../platform/node/asset-paths.ts';
import { findDarkRuns } from '../platform/node/dark-runs.ts';
import { type DemoBeamline, startDemoBeamline } from '../platform/node/demo-beamline.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { createLiveEngine } from '../platform/node/live-engine.ts';
import { loadGeometry } from '../platform/node/load-geometry.ts';
import { openRun } from '../platform/node/open-run.ts';
import { loadFrameCorrector } from '../platform/node/proposal-constants.ts';
import { createApp } from './app.ts';
import { RunService } from './run-service.ts';

/** How to serve; see `hutch serve`. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly dataRoot: string | null;
  readonly bridge: string | null;
  readonly geometry: string | null;
  readonly isDemo: boolean;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A running server. */
export interface RunningServer {
  readonly address: string;
  close(): Promise<void>;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);
/** Live settings when nobody has said otherwise; the centre is the geometry's. */
const DEFAULTS = {
  integration: { distance: 0.2, photonEnergyKeV: 9.3, points: 512, qMin: 0.2, qMax: 3.2 },
  roi: { isOn: true, x: 700, y: 700, width: 150, height: 120 },
  endpoint: 'tcp://127.0.0.1:4545',
};

/**
 * Wires files, bridge, live engine and pages together and listens.
 * @throws PortInUse, GeometryInvalid, FileUnreadable
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, signal } = options;
  const demo: DemoBeamline | null = options.isDemo
    ? await startDemoBeamline({ dataRoot: options.dataRoot ?? undefined, log, signal })
    : null;
  const dataRoot = demo?.dataRoot ?? options.dataRoot;
  const geometryPath = options.geometry ?? (demo ? join(demo.proposalPath, 'usr', 'geometry.geom') : null);
  const snapped = snapGeometry(await loadGeometry(geometryPath, AGIPD_1M));
  const { distance, photonEnergyKeV } = snapped.geometry.metadata;
  const settings: LiveSettings = {
    source: { endpoint: options.bridge ?? demo?.endpoint ?? DEFAULTS.endpoint, socket: 'REQ' },
    integration: {
      ...DEFAULTS.integration,
      distance: distance ?? DEFAULTS.integration.distance,
      photonEnergyKeV: photonEnergyKeV ?? DEFAULTS.integration.photonEnergyKeV,
      centreX: snapped.centre[1],
      centreY: snapped.centre[0],
    },
    roi: DEFAULTS.roi,
    movingAverage: 1,
    isCorrected: true,
  };
  const live = await createLiveEngine({ settings, geometryPath, proposalPath: demo?.proposalPath ?? null });
  const runs = createRunService(dataRoot, snapped);
  const version = (JSON.parse(readFileSync(packageJsonPath(), 'utf8')) as { version: string }).version;
  const pages = appRoot();
  if (!pages) log('The pages are not built: only the API is served. Run "npm run build" for the pages.');
  const app = await createApp({
    runs,
    live,
    geometry: geometryInfo(snapped),
    status: { name: 'hutch', version, isDemo: demo !== null, dataRoot, startedAt: Date.now() },
    pages,
    allowedHosts: LOOPBACK.has(options.host) ? LOOPBACK : null,
    onFault: (error) => log(`fault: ${error instanceof Error ? error.stack : String(error)}`),
  });
  const close = async () => {
    await app.close();
    await Promise.all([live.close(), runs.close(), demo?.close()]);
  };
  try {
    const address = await app.listen({ host: options.host, port: options.port });
    return { address, close };
  } catch (cause) {
    await close();
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new PortInUse(
      `Port ${options.port} of ${options.host} is used by another program (another Hutch?). Choose one with --port, or --port 0 for any free one.`,
      { port: options.port },
      { cause },
    );
  }
}

function createRunService(
  dataRoot: string | null,
  snapped: ConstructorParameters<typeof RunService>[0]['snapped'],
): RunService {
  const lister = createRunLister({ files: nodeFileStore, hdf5: nodeHdf5Opener });
  const root = () => {
    if (dataRoot === null)
      throw new RunNotFound('No data root: start the server with --data-root DIR to see runs.', {});
    return dataRoot;
  };
  return new RunService({
    listProposals: async () => (dataRoot === null ? [] : listProposals(nodeFileStore, dataRoot)),
    listRuns: (proposal, signal) => lister(root(), proposal, signal),
    openRun: ({ proposal, run, data }) => openRun({ proposal, run, dataRoot: root() }, { data }),
    hasDarks: async (proposal) => {
      const darks = await findDarkRuns(await findProposal(nodeFileStore, root(), proposal));
      await darks?.close();
      return darks !== null;
    },
    loadCorrector: async (proposal) => loadFrameCorrector(await findProposal(nodeFileStore, root(), proposal)),
    snapped,
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointInvalid, PortInUse, RunNotFound } from '../core/errors.ts';
import { findProposal } from '../data/open-run.ts';
import { createRunLister, listProposals } from '../data/proposals.ts';
import { stampOfRun } from '../data/run-stamp.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry, type Geometry } from '../detector/geometry.ts';
import { geometryInfo, type SnappedGeometry, snapGeometry } from '../detector/snapped-geometry.ts';
import { roiInside } from '../live/detector-settings.ts';
import type { LiveSettings } from '../live/engine.ts';
import { appRoot, packageJsonPath } from '../platform/node/asset-paths.ts';
import { findDarkRuns } from '../platform/node/dark-runs.ts';
import { type DemoBeamline, startDemoBeamline } from '../platform/node/demo-beamline.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { createLiveEngine } from '../platform/node/live-engine.ts';
import { defaultRecordingsFolder, openRecordingsFolder } from '../platform/node/live-recordings.ts';
import { loadGeometry, readGeometryText } from '../platform/node/load-geometry.ts';
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
  /** Geometry of the detector that is looked at; null places each as its example is. */
  readonly geometry: Geometry | null;
  readonly isDemo: boolean;
  /** Folder of bridge recordings; null = a folder in the user's data. */
  readonly recordings: string | null;
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
 * Wires files, bridge, live engine and pages together and listens. What was started is stopped again when a later step fails.
 * @throws RunNotFound (no such data root), GeometryInvalid, FileUnreadable, StateInvalid, PortInUse, EndpointInvalid
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, signal } = options;
  const stops: (() => Promise<unknown> | undefined)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    // Whatever can be wrong with the arguments is looked at before anything is started.
    if (options.dataRoot !== null && !options.isDemo) await checkDataRoot(options.dataRoot);
    let snapped = options.geometry && snapGeometry(options.geometry);
    const demo: DemoBeamline | null = options.isDemo
      ? await startDemoBeamline({ dataRoot: options.dataRoot ?? undefined, log, signal })
      : null;
    stops.push(async () => demo?.close());
    const dataRoot = demo?.dataRoot ?? options.dataRoot;
    const demoPath = demo && join(demo.proposalPath, 'usr', 'geometry.geom');
    const geometry = options.geometry ?? (demoPath === null ? null : await loadGeometry(demoPath, AGIPD_1M));
    snapped ??= snapGeometry(geometry ?? exampleGeometry(AGIPD_1M));
    const live = await createLiveEngine({
      settings: firstSettings(snapped, options.bridge ?? demo?.endpoint ?? DEFAULTS.endpoint),
      geometry,
      proposalPath: demo?.proposalPath ?? null,
    });
    stops.push(() => live.close());
    const runs = createRunService(dataRoot, snapped, await geometryTextOf(geometry));
    stops.push(() => runs.close());
    const version = (JSON.parse(readFileSync(packageJsonPath(), 'utf8')) as { version: string }).version;
    const pages = appRoot();
    if (!pages) log('The pages are not built: only the API is served. Run "npm run build" for the pages.');
    const app = await createApp({
      runs,
      live,
      recordings: openRecordingsFolder(options.recordings ?? defaultRecordingsFolder(process.env)),
      geometry: geometryInfo(snapped),
      status: { name: 'hutch', version, isDemo: demo !== null, dataRoot, startedAt: Date.now() },
      pages,
      allowedHosts: LOOPBACK.has(options.host) ? LOOPBACK : null,
      onFault: (error) => log(`fault: ${error instanceof Error ? error.stack : String(error)}`),
    });
    stops.push(() => app.close());
    const address = await app.listen({ host: options.host, port: options.port }).catch((cause) => {
      throw listenError(options, cause as NodeJS.ErrnoException);
    });
    return { address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function checkDataRoot(dataRoot: string): Promise<void> {
  const entry = await nodeFileStore.entry(dataRoot);
  if (entry?.isFolder) return;
  throw new RunNotFound(
    `The data root ${dataRoot} ${entry ? 'is a file, not a folder' : 'does not exist'}. Give the folder with INSTRUMENT/CYCLE/pNNNNNN by --data-root or $EXTRA_DATA_DATA_ROOT.`,
    { path: dataRoot },
  );
}

function firstSettings({ geometry, centre, shape }: SnappedGeometry, endpoint: string): LiveSettings {
  const { distance, photonEnergyKeV } = geometry.metadata;
  return {
    sources: [{ endpoint, socket: 'REQ', isOn: true }],
    integration: {
      ...DEFAULTS.integration,
      distance: distance ?? DEFAULTS.integration.distance,
      photonEnergyKeV: photonEnergyKeV ?? DEFAULTS.integration.photonEnergyKeV,
      centreX: centre[1],
      centreY: centre[0],
    },
    roi: roiInside(DEFAULTS.roi, shape),
    movingAverage: 1,
    isCorrected: true,
  };
}

function listenError({ host, port }: ServerOptions, cause: NodeJS.ErrnoException): Error {
  const details = { host, port };
  switch (cause.code) {
    case 'EADDRINUSE':
      return new PortInUse(
        `Port ${port} of ${host} is used by another program (another Hutch?). Choose one with --port, or --port 0 for any free one.`,
        details,
        { cause },
      );
    case 'EACCES':
      return new PortInUse(
        `Port ${port} of ${host} may not be used without more rights. Choose one above 1023 with --port.`,
        details,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new EndpointInvalid(
        `This machine has no address ${host} to listen on (${cause.code}). Give --host 127.0.0.1, 0.0.0.0 or one of its own.`,
        details,
        { cause },
      );
    default:
      return cause;
  }
}

/** Text of the .geom file that a geometry was read from. */
async function geometryTextOf(geometry: Geometry | null): Promise<string | null> {
  const path = geometry?.metadata.path;
  if (path === undefined) return null;
  const { format, text } = await readGeometryText(path);
  return format === 'crystfel' ? text : null;
}

/** The run service on the local disk below a data root; without one every run is refused with the way to give one. */
export function createRunService(
  dataRoot: string | null,
  snapped: SnappedGeometry,
  geometryText: string | null,
): RunService {
  const lister = createRunLister({ files: nodeFileStore, hdf5: nodeHdf5Opener });
  const root = () => {
    if (dataRoot === null)
      throw new RunNotFound('No data root: start the server with --data-root DIR to see runs.', {});
    return dataRoot;
  };
  return new RunService({
    dataRoot,
    listProposals: async () => (dataRoot === null ? [] : listProposals(nodeFileStore, dataRoot)),
    listRuns: (proposal, signal) => lister(root(), proposal, signal),
    stampRun: ({ proposal, run, data }) => stampOfRun(nodeFileStore, { proposal, run, dataRoot: root() }, data),
    openRun: ({ proposal, run, data }) => openRun({ proposal, run, dataRoot: root() }, { data }),
    hasDarks: async (proposal) => {
      const darks = await findDarkRuns(await findProposal(nodeFileStore, root(), proposal));
      await darks?.close();
      return darks !== null;
    },
    loadCorrector: async (proposal) => loadFrameCorrector(await findProposal(nodeFileStore, root(), proposal)),
    snapped,
    geometryText,
  });
}

import type { DetectorFrameMeta, KeyInfo, Proposal, RunInfo, RunRow, SeriesMeta } from '../api/run-contract.ts';
import type { FrameCorrector } from '../calib/frame-corrector.ts';
import { isXfelError, NoData } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { RunSummary } from '../data/proposals.ts';
import type { Run } from '../data/run.ts';
import type { SourceData } from '../data/source-data.ts';
import { assembleModules, type SnappedGeometry } from '../detector/snapped-geometry.ts';
import { summariseSeries } from './series.ts';
import { groupOfSource } from './source-group.ts';

/** Which run: proposal folder name, run number, and `raw` or `proc`. */
export interface RunAddress {
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
}

/** What the run routes call. Arrays belong to the caller. */
export interface RunsPort {
  proposals(): Promise<Proposal[]>;
  runs(proposal: string, signal: AbortSignal): Promise<RunRow[]>;
  info(address: RunAddress): Promise<RunInfo>;
  keys(address: RunAddress, source: string): Promise<KeyInfo[]>;
  series(
    address: RunAddress,
    source: string,
    key: string,
    signal: AbortSignal,
  ): Promise<{ meta: SeriesMeta; arrays: Map<string, NdArray> }>;
  frame(
    address: RunAddress,
    detector: string,
    train: number,
    pulse: number,
    view: 'raw' | 'corrected',
    signal: AbortSignal,
  ): Promise<{ meta: DetectorFrameMeta; image: NdArray }>;
  close(): Promise<void>;
}

/** What the run service is built on. */
export interface RunServiceParts {
  listProposals(): Promise<Proposal[]>;
  listRuns(proposal: string, signal: AbortSignal): Promise<readonly RunSummary[]>;
  openRun(address: RunAddress): Promise<Run>;
  /** Whether the proposal has a complete set of dark runs. */
  hasDarks(proposal: string): Promise<boolean>;
  /** Corrector from the proposal's dark runs, or null if it has none. */
  loadCorrector(proposal: string): Promise<FrameCorrector | null>;
  readonly snapped: SnappedGeometry;
}

/** Open runs that are kept for the next request. */
const KEPT_RUNS = 6;

/** Reads runs for the pages: keeps a few runs open, and each proposal's corrector. */
export class RunService implements RunsPort {
  readonly #parts: RunServiceParts;
  readonly #open = new Map<string, Promise<Run>>();
  readonly #correctors = new Map<string, Promise<FrameCorrector | null>>();

  constructor(parts: RunServiceParts) {
    this.#parts = parts;
  }

  proposals(): Promise<Proposal[]> {
    return this.#parts.listProposals();
  }

  async runs(proposal: string, signal: AbortSignal): Promise<RunRow[]> {
    const rows = await this.#parts.listRuns(proposal, signal);
    return rows
      .map((row) => ({ ...row, detectors: [...row.detectors], problems: [...row.problems] }))
      .sort((a, b) => b.run - a.run);
  }

  async info(address: RunAddress): Promise<RunInfo> {
    const run = await this.#run(address);
    const { trainIds } = run;
    const sources = run.sources.map((name) => {
      const source = run.source(name);
      return {
        name,
        kind: source.kind === 'control' ? ('control' as const) : ('pipeline' as const),
        group: groupOfSource(name),
        trains: trainsWithData(source),
      };
    });
    return {
      ...address,
      path: run.path,
      trains: trainIds.length,
      firstTrainId: trainIds[0] ?? null,
      lastTrainId: trainIds.at(-1) ?? null,
      metadata: Object.fromEntries(run.runMetadata()),
      sources,
      detectors: this.#detectors(run, await this.#parts.hasDarks(address.proposal)),
      skippedFiles: run.skippedFiles.map(({ file, reason }) => ({ file, reason })),
    };
  }

  #detectors(run: Run, hasDarks: boolean): RunInfo['detectors'] {
    const names = new Set(
      run.sources
        .map((name) => /^(.+_(?:AGIPD1M|AGIPD500K|LPD1M|DSSC1M|JNGFR|JF)[^/]*)\//.exec(name)?.[1])
        .filter((name) => name !== undefined),
    );
    return [...names].flatMap((name) => {
      try {
        const detector = openDetector(run, { name });
        return [
          {
            name,
            type: detector.kind.name,
            modules: [...detector.modules],
            isRaw: detector.isRaw,
            isCorrectable:
              hasDarks && detector.isRaw && detector.kind.name === this.#parts.snapped.geometry.detector.name,
            trains: detector.trainIds.length,
            maxPulses: Math.max(0, ...detector.frameCounts),
          },
        ];
      } catch (error) {
        // A detector without a single frame is no detector to look at; anything else is a fault.
        if (isXfelError(error)) return [];
        throw error;
      }
    });
  }

  async keys(address: RunAddress, source: string): Promise<KeyInfo[]> {
    const data = (await this.#run(address)).source(source);
    return data.keys().map((name) => {
      const key = data.key(name);
      return {
        key: name,
        dtype: key.isReadable ? key.dtype : 'unreadable',
        entryShape: [...key.entryShape],
        units: key.units,
        entries: key.shape[0],
      };
    });
  }

  async series(address: RunAddress, source: string, key: string, signal: AbortSignal) {
    const data = (await this.#run(address)).source(source).key(key);
    return summariseSeries(data, signal);
  }

  async frame(
    address: RunAddress,
    detectorName: string,
    train: number,
    pulse: number,
    view: 'raw' | 'corrected',
    signal: AbortSignal,
  ) {
    const run = await this.#run(address);
    const detector = openDetector(run, { name: detectorName });
    const trainId = detector.trainIds[train];
    if (trainId === undefined)
      throw new NoData(
        `${detectorName} has frames in ${detector.trainIds.length} trains; there is no train number ${train}.`,
        { train },
      );
    const { snapped } = this.#parts;
    if (detector.kind.name !== snapped.geometry.detector.name) {
      throw new NoData(
        `Frames of ${detector.kind.name} cannot be drawn: the geometry is of ${snapped.geometry.detector.name}.`,
        { detector: detectorName },
      );
    }
    const frame = await detector.readFrame(trainId, pulse, { signal });
    const corrector = detector.isRaw && view === 'corrected' ? await this.#corrector(address.proposal) : null;
    if (detector.isRaw && view === 'corrected' && !corrector) {
      throw new NoData(
        `${address.proposal} has no dark runs, so raw frames cannot be corrected. Look at them raw, or record darks.`,
        { proposal: address.proposal },
      );
    }
    const stack = toFloatStack(frame.array, frame.cellId, frame.modulesPresent, corrector);
    const image = assembleModules(snapped, stack);
    const isCorrected = !detector.isRaw || corrector !== null;
    const meta: DetectorFrameMeta = {
      detector: detectorName,
      trainId,
      pulseId: frame.pulseId,
      cellId: frame.cellId,
      pulses: frame.frames,
      modules: frame.modulesPresent.flatMap((isPresent, module) => (isPresent ? [module] : [])),
      unit: isCorrected ? 'keV' : 'ADU',
      view: isCorrected ? 'corrected' : 'raw',
    };
    return { meta, image };
  }

  async close(): Promise<void> {
    const runs = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(runs.map((run) => (run.status === 'fulfilled' ? run.value.close() : undefined)));
  }

  #run(address: RunAddress): Promise<Run> {
    const key = `${address.proposal}/${address.run}/${address.data}`;
    let opened = this.#open.get(key);
    if (opened) this.#open.delete(key);
    opened ??= this.#parts.openRun(address);
    // Insertion order is the order of use; the first one was not used for longest.
    this.#open.set(key, opened);
    opened.catch(() => this.#open.delete(key));
    for (const [oldest, run] of this.#open) {
      if (this.#open.size <= KEPT_RUNS) break;
      this.#open.delete(oldest);
      run.then((r) => r.close()).catch(() => undefined);
    }
    return opened;
  }

  #corrector(proposal: string): Promise<FrameCorrector | null> {
    let corrector = this.#correctors.get(proposal);
    if (!corrector) {
      corrector = this.#parts.loadCorrector(proposal);
      this.#correctors.set(proposal, corrector);
      corrector.catch(() => this.#correctors.delete(proposal));
    }
    return corrector;
  }
}

function trainsWithData(source: SourceData): number {
  const keys = source.keys();
  if (keys.length === 0) return 0;
  return source
    .key(keys[0])
    .dataCounts()
    .filter((count) => count > 0).length;
}

/** (module, [2,] ss, fs) raw or corrected to (module, ss, fs) float32; modules without data or constants are NaN. */
function toFloatStack(
  array: NdArray,
  cellId: number,
  present: readonly boolean[],
  corrector: FrameCorrector | null,
): NdArray<'float32'> {
  const [modules] = array.shape;
  const [slowScan, fastScan] = array.shape.slice(-2);
  const pixels = slowScan * fastScan;
  const hasGain = array.shape.length === 4;
  const out = new Float32Array(modules * pixels).fill(Number.NaN);
  const values = array.data as Uint16Array;
  for (let module = 0; module < modules; module++) {
    if (!present[module]) continue;
    const at = module * pixels * (hasGain ? 2 : 1);
    const analogue = values.subarray(at, at + pixels);
    if (!corrector) {
      out.set(analogue, module * pixels);
      continue;
    }
    const corrected = hasGain
      ? corrector.correct(module, { analogue, gain: values.subarray(at + pixels, at + 2 * pixels), cellId })
      : null;
    if (corrected) out.set(corrected.data, module * pixels);
  }
  return ndarray('float32', [modules, slowScan, fastScan], out);
}

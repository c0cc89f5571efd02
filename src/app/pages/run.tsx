import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { RunInfo } from '../../api/run-contract.ts';
import type { NdArray } from '../../core/ndarray.ts';
import { Plot } from '../../display/plot.tsx';
import '../style/runs.css';
import { numberText, valueText } from '../number-text.ts';
import { ImageView } from '../panels/image-view.tsx';
import { QueryState } from '../panels/query-state.tsx';
import { SourceTree } from '../panels/source-tree.tsx';
import { type RunKey, session } from '../session.ts';
import { noteShownFrame } from '../test-probe.ts';
import { useTheme } from '../theme-choice.ts';

/** One run: its sources and keys, a curve, detector frames. Everything chosen is in the address. */
export function RunPage({ proposal, run }: { readonly proposal: string; readonly run: number }) {
  const [, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const key: RunKey = { proposal, run, data: search.get('data') ?? 'default' };
  const set = (changes: Record<string, string>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(changes)) next.set(name, value);
    navigate(`/run/${proposal}/${run}?${next}`, { replace: true });
  };
  const info = useQuery({
    queryKey: ['run', proposal, run, key.data],
    queryFn: ({ signal }) => session.runInfo(key, signal),
  });
  if (!info.data) {
    return (
      <main className="runs">
        <section className="panel">
          <QueryState
            isLoading={info.isLoading}
            error={info.error}
            what={`Run ${run}`}
            onRetry={() => void info.refetch()}
          />
        </section>
      </main>
    );
  }
  return (
    <main className="run">
      <SourceTree
        run={key}
        info={info.data}
        source={search.get('source')}
        selected={search.get('key')}
        onSelect={(source, name) => set({ source, key: name })}
      />
      <div className="run-centre">
        <SeriesPanel
          run={key}
          source={search.get('source')}
          name={search.get('key')}
          train={Number(search.get('train') ?? 0)}
        />
        <FramePanel run={key} info={info.data} search={search} set={set} />
      </div>
      <RunPanel info={info.data} search={search} />
    </main>
  );
}

function SeriesPanel({
  run,
  source,
  name,
  train,
}: {
  readonly run: RunKey;
  readonly source: string | null;
  readonly name: string | null;
  readonly train: number;
}) {
  const { theme } = useTheme();
  const series = useQuery({
    queryKey: ['series', run, source, name],
    queryFn: ({ signal }) => session.series(run, source ?? '', name ?? '', signal),
    enabled: source !== null && name !== null,
    retry: false,
  });
  const frame = series.data;
  const plot = useMemo(() => {
    const value = frame?.arrays.get('value')?.data as Float64Array | undefined;
    if (!frame || !value) return null;
    const [low, high] = ['low', 'high'].map((edge) => frame.arrays.get(edge)?.data as Float64Array | undefined);
    return {
      x: Array.from(value, (_, i) => i),
      curves: [{ label: frame.meta.key, colour: '--c1', y: value }],
      band: low && high ? { low, high } : undefined,
      firstTrainId: (frame.arrays.get('trainId') as NdArray<'float64'>).data[0],
      mean: value.reduce((sum, v) => sum + v, 0) / value.length,
    };
  }, [frame]);
  const unit = frame?.meta.units ? ` / ${frame.meta.units}` : '';
  return (
    <section className="panel" aria-label="Curve">
      <div className="phead">
        <span className="tab on">{name ?? 'Curve'}</span>
        <span className="ttl">
          <small>{source}</small>
        </span>
        <span className="sp" />
        <span className="ttl" data-testid="series-mean">
          <small>
            {plot ? `mean ${valueText(plot.mean)} ${frame?.meta.units ?? ''} · n ${numberText(plot.x.length)}` : ''}
          </small>
        </span>
      </div>
      <div className="pbody">
        {plot && (
          <div className="plot">
            <Plot
              x={plot.x}
              curves={plot.curves}
              band={plot.band}
              xTitle="train index in the run"
              yTitle={`${frame?.meta.key}${unit}`}
              theme={theme}
              testId="series-plot"
              marker={train}
            />
          </div>
        )}
        {!name && (
          <div className="state">
            <h2>Choose a key</h2>
            <p>Open a source on the left and click one of its keys: it is plotted against the trains.</p>
          </div>
        )}
        <QueryState isLoading={series.isLoading} error={series.error} what="Curve" />
      </div>
      <div className="pfoot">
        <span className="grow el">{plot?.band ? 'mean of each train, band 16 – 84 %' : ''}</span>
        <span className="prov">{frame && plot ? `first train ${numberText(plot.firstTrainId)}` : ''}</span>
      </div>
    </section>
  );
}

interface FramePanelProps {
  readonly run: RunKey;
  readonly info: RunInfo;
  readonly search: URLSearchParams;
  readonly set: (changes: Record<string, string>) => void;
}

function FramePanel({ run, info, search, set }: FramePanelProps) {
  const detector = info.detectors.find((each) => each.name === search.get('detector')) ?? info.detectors[0];
  const clamp = (name: string, count: number) =>
    Math.min(Math.max(0, Math.floor(Number(search.get(name) ?? 0)) || 0), Math.max(0, count - 1));
  const train = clamp('train', detector?.trains ?? 0);
  const pulse = clamp('pulse', detector?.maxPulses ?? 0);
  const canCorrect = detector ? !detector.isRaw || detector.isCorrectable : false;
  const view = search.get('view') ?? (canCorrect ? 'corrected' : 'raw');
  const query = useQuery({
    queryKey: ['frame', run, detector?.name, train, pulse, view],
    queryFn: ({ signal }) => session.detectorFrame(run, detector?.name ?? '', train, pulse, view, signal),
    enabled: detector !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const frame = query.data;
  const image = useMemo(() => {
    const array = frame?.arrays.get('image');
    return array ? { data: array.data as Float32Array, shape: array.shape } : null;
  }, [frame]);
  useEffect(() => {
    if (frame) noteShownFrame(frame);
  }, [frame]);
  // A raw picture has other levels than a corrected one: each view has a picture of its own.
  const meta = frame?.meta;
  if (!detector) {
    return (
      <section className="panel" aria-label="Detector frame">
        <div className="state">
          <h2>No detector in this run</h2>
          <p>
            None of its {info.sources.length} sources is a known multi-module detector with frames. The curves above
            still work.
          </p>
        </div>
      </section>
    );
  }
  const slider = (label: string, name: string, value: number, count: number, words: string) => (
    <div className="slider">
      <label htmlFor={`slide-${name}`}>{label}</label>
      <input
        id={`slide-${name}`}
        data-testid={`slider-${name}`}
        type="range"
        min={0}
        max={Math.max(0, count - 1)}
        value={value}
        onChange={(event) => set({ [name]: event.target.value })}
      />
      <span className="r nw">{words}</span>
      <span className="t3 nw">of {numberText(count)}</span>
    </div>
  );
  return (
    <section className="panel focus" aria-label="Detector frame">
      <div className="phead">
        <span className="tab on">Detector frame</span>
        <span className="ttl">
          <small>{detector.name}</small>
        </span>
        <span className="sp" />
        <span className="seg" style={{ alignSelf: 'center' }}>
          {(['raw', 'corrected'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className={view === each ? 'on' : ''}
              aria-pressed={view === each}
              disabled={each === 'corrected' ? !canCorrect : !detector.isRaw}
              onClick={() => set({ view: each })}
              data-testid={`view-${each}`}
            >
              {each}
            </button>
          ))}
        </span>
      </div>
      <ImageView
        key={view}
        image={image}
        unit={meta?.unit ?? ''}
        provenance={meta ? `train ${numberText(meta.trainId)} · pulse ${meta.pulseId} · cell ${meta.cellId}` : ''}
        fileName={meta ? `${info.proposal}-r${info.run}-${meta.trainId}-${meta.pulseId}-${meta.view}` : 'frame'}
        testId="frame-image"
      >
        <QueryState isLoading={query.isLoading} error={query.error} what="Frame" />
      </ImageView>
      {slider('Train', 'train', train, detector.trains, meta ? numberText(meta.trainId) : '–')}
      {slider('Pulse', 'pulse', pulse, detector.maxPulses, meta ? `id ${meta.pulseId} · cell ${meta.cellId}` : '–')}
    </section>
  );
}

function RunPanel({ info, search }: { readonly info: RunInfo; readonly search: URLSearchParams }) {
  const source = search.get('source');
  const name = search.get('key');
  const python = [
    'from extra_data import open_run',
    `run = open_run("${info.proposal}", ${info.run})`,
    ...(source && name ? [`values = run["${source}", "${name}"].ndarray()`] : []),
  ].join('\n');
  const typescript = [
    "import { openRun } from 'hutch';",
    `const run = await openRun({ path: '${info.path}' });`,
    ...(source && name ? [`const values = await run.source('${source}').key('${name}').read();`] : []),
  ].join('\n');
  return (
    <section className="panel" aria-label="Run">
      <div className="phead">
        <span className="ttl">Run {info.run}</span>
        <span className="sp" />
        <Link href={`/runs?proposal=${info.proposal}`} className="ttl acc">
          all runs
        </Link>
      </div>
      <div className="scroll">
        <div className="sec" style={{ paddingTop: 8 }}>
          <div className="kv">
            <span>Proposal</span>
            <span>{info.proposal}</span>
            <span>Trains</span>
            <span data-testid="run-trains">{numberText(info.trains)}</span>
            <span>First</span>
            <span>{numberText(info.firstTrainId)}</span>
            <span>Last</span>
            <span>{numberText(info.lastTrainId)}</span>
            {Object.entries(info.metadata).flatMap(([label, value]) => [
              <span key={label}>{label}</span>,
              <span key={`${label} value`} className="el">
                {String(value)}
              </span>,
            ])}
          </div>
        </div>
        {info.skippedFiles.map(({ file, reason }) => (
          <div className="note" key={file}>
            {file} left out: {reason}
          </div>
        ))}
        <div className="sech" style={{ padding: '0 10px' }}>
          Hutch (TypeScript)
        </div>
        <pre className="code">{typescript}</pre>
        <div className="sech" style={{ padding: '0 10px' }}>
          EXtra-data (Python)
        </div>
        <pre className="code">{python}</pre>
      </div>
    </section>
  );
}

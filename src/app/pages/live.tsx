import { useEffect, useMemo, useState } from 'react';
import type { LiveState } from '../../api/live-contract.ts';
import { Plot } from '../../display/plot.tsx';
import '../style/live.css';
import { useLive } from '../live-store.ts';
import { numberText, valueText } from '../number-text.ts';
import { Field, numberBetween } from '../panels/field.tsx';
import { ImageView } from '../panels/image-view.tsx';
import { describePlace, qOfRadius, tileMask } from '../scattering.ts';
import { noteShownFrame } from '../test-probe.ts';
import { useTheme } from '../theme-choice.ts';

/** The live workspace: sources and chain, image, I(q) and ROI trend, parameters. */
export function LivePage() {
  const { togglePause } = useLive();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key !== ' ' ||
        (event.target instanceof HTMLElement && /^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName))
      )
        return;
      event.preventDefault();
      togglePause();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [togglePause]);
  return (
    <main className="live">
      <div className="left">
        <SourcesPanel />
        <ChainPanel />
      </div>
      <div className="centre">
        <DetectorPanel />
        <CurvePanel />
        <TrendPanel />
      </div>
      <ParametersPanel />
    </main>
  );
}

function useProvenance(): string {
  const { frame } = useLive();
  return frame ? `train …${String(frame.meta.trainId).slice(-5)} · parameters v${frame.meta.version}` : 'no train yet';
}

function SourcesPanel() {
  const { status } = useLive();
  const sources = status?.sources ?? [];
  return (
    <section className="panel" aria-label="Sources">
      <div className="phead">
        <span className="ttl">
          Sources <small>{sources.length} received</small>
        </span>
      </div>
      <div className="scroll">
        {sources.length === 0 && (
          <div className="sec" style={{ paddingTop: 8 }}>
            No source has sent a train yet.
          </div>
        )}
        {sources.map((source) => (
          <div className="src" key={source.name} data-testid="live-source">
            <span />
            <span className={`lamp ${source.hz > 0 ? '' : 'warn'}`} title={source.hz > 0 ? 'receiving' : 'silent'} />
            <span className={`pc ${source.kind === 'control' ? 'C' : 'P'}`}>
              {source.kind === 'control' ? 'C' : 'P'}
            </span>
            <span className="m" title={`${source.name}\n${source.keys.join('\n')}`}>
              <div>{source.name}</div>
              <div className="s">{source.keys.join(' · ')}</div>
            </span>
            <span className="h">{source.hz > 0 ? numberText(source.hz, 1) : 'late'}</span>
          </div>
        ))}
      </div>
    </section>
  );
}

function ChainPanel() {
  const { status } = useLive();
  const stages = status?.stagesMs ?? [];
  const total = stages.reduce((sum, { ms }) => sum + ms, 0);
  let before = 0;
  return (
    <section className="panel" aria-label="Processing chain">
      <div className="phead">
        <span className="ttl">Processing chain</span>
        <span className="sp" />
        <span className="ttl">
          {numberText(total, 1)} ms <small>of 100</small>
        </span>
      </div>
      <div style={{ padding: '6px 0', minHeight: 160 }}>
        {stages.map(({ stage, ms }) => {
          const left = before;
          before += ms;
          return (
            <div className="st" key={stage}>
              <span className="lamp" />
              <span className="el">{stage}</span>
              <span className="bar">
                <i style={{ left: `${Math.min(100, left)}%`, width: `${Math.max(1, Math.min(100 - left, ms))}%` }} />
              </span>
              <span className="r">
                {numberText(ms, 1)} <span className="t3">ms</span>
              </span>
            </div>
          );
        })}
        {stages.length === 0 && (
          <div style={{ padding: '0 10px' }} className="t3">
            waiting for the first train
          </div>
        )}
      </div>
    </section>
  );
}

function DetectorPanel() {
  const { frame, geometry, state, status, isOpen, isPaused, error, apply } = useLive();
  const provenance = useProvenance();
  const image = useMemo(() => {
    const array = frame?.arrays.get('image');
    return array ? { data: array.data as Float32Array, shape: array.shape } : null;
  }, [frame]);
  useEffect(() => {
    if (frame) noteShownFrame(frame);
  }, [frame]);
  const integration = state?.integration;
  const inside = useMemo(() => geometry && tileMask(geometry), [geometry]);
  const describe = (x: number, y: number) => {
    if (!geometry || !integration) return '';
    const radius = geometry.pixelSize * Math.hypot(x + 0.5 - integration.centreX, y + 0.5 - integration.centreY);
    return `q ${valueText(qOfRadius(radius, integration))} Å⁻¹  ${describePlace(geometry, x, y)}`;
  };
  const why = error ?? (isOpen ? status?.lastError?.text : null) ?? 'The first train fills this picture.';
  return (
    <section className="panel focus img" aria-label="Detector">
      <div className="phead">
        <span className="tab on">Detector</span>
        <span className="sp" />
        {isPaused && <span className="ttl frozen">frozen, the pipeline goes on</span>}
      </div>
      <ImageView
        image={image}
        unit={frame?.meta.unit ?? 'keV'}
        roi={state?.roi}
        onRoi={(roi) =>
          state &&
          void apply({ ...state, roi: { isOn: roi.isOn, x: roi.x, y: roi.y, width: roi.width, height: roi.height } })
        }
        centre={integration ? [integration.centreX, integration.centreY] : undefined}
        inside={inside}
        fileName={`live-${frame?.meta.trainId ?? 0}`}
        describe={describe}
        provenance={`${frame ? `${frame.meta.pulses} pulses${state && state.movingAverage > 1 ? `, ${state.movingAverage} trains` : ''} · ` : ''}${provenance}`}
        testId="live-image"
      >
        {!image && (
          <div className="state on-well" data-testid="live-empty">
            <h2>{status?.connection === 'receiving' ? 'Preparing the first picture' : 'Waiting for trains'}</h2>
            <p>
              {status ? `${status.endpoint}: ` : ''}
              {why}
            </p>
          </div>
        )}
      </ImageView>
    </section>
  );
}

function CurvePanel() {
  const { frame, state } = useLive();
  const { theme } = useTheme();
  const [isLog, setLog] = useState(false);
  const provenance = useProvenance();
  const curves = useMemo(
    () => [{ label: 'I(q)', colour: '--c1', y: (frame?.arrays.get('intensity')?.data ?? []) as ArrayLike<number> }],
    [frame],
  );
  const q = useMemo(() => (frame?.arrays.get('q')?.data ?? []) as ArrayLike<number>, [frame]);
  return (
    <section className="panel" aria-label="I(q)">
      <div className="phead">
        <span className="tab on">I(q)</span>
        <span className="sp" />
        <button
          type="button"
          className={`ib ${isLog ? 'on' : ''}`}
          aria-pressed={isLog}
          onClick={() => setLog(!isLog)}
          style={{ width: 34, margin: '3px 0' }}
        >
          log
        </button>
      </div>
      <div className="pbody">
        <div className="plot">
          <Plot
            x={q}
            curves={curves}
            xTitle="q / Å⁻¹"
            yTitle={`I / ${frame?.meta.unit ?? 'keV'}`}
            isLogY={isLog}
            theme={theme}
            testId="iq-plot"
          />
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el">
          {state ? `${state.integration.points} points, mean of ${frame?.meta.pulses ?? 0} pulses` : ''}
        </span>
        <span className="prov">{provenance}</span>
      </div>
    </section>
  );
}

function TrendPanel() {
  const { trend, frame } = useLive();
  const { theme } = useTheme();
  const provenance = useProvenance();
  const { x, curves } = useMemo(() => {
    const now = trend.at(-1)?.time ?? 0;
    return {
      x: trend.map((point) => point.time - now),
      curves: [{ label: 'ROI 1', colour: '--roi1', y: trend.map((point) => point.mean), isPoints: true }],
    };
  }, [trend]);
  const roi = frame?.meta.roi;
  return (
    <section className="panel" aria-label="ROI trend">
      <div className="phead">
        <span className="tab on">ROI trend</span>
        <span className="sp" />
        <span className="ttl" data-testid="roi-mean">
          {roi ? `${valueText(roi.mean)} ${frame?.meta.unit}` : '–'}
        </span>
      </div>
      <div className="pbody">
        <div className="plot">
          <Plot
            x={x}
            curves={curves}
            xTitle="time before the last train / s"
            yTitle={`mean / ${frame?.meta.unit ?? 'keV'}`}
            theme={theme}
            testId="trend-plot"
          />
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el">
          {roi
            ? `${numberText(roi.pixels)} pixels, sum ${valueText(roi.sum)} ${frame?.meta.unit}`
            : 'the ROI is off or holds no pixel'}
        </span>
        <span className="prov">{provenance}</span>
      </div>
    </section>
  );
}

function ParametersPanel() {
  const { state, version, apply } = useLive();
  if (!state) return <section className="panel" aria-label="Parameters" />;
  const { integration, roi, source } = state;
  const change = (part: Partial<LiveState>) => apply({ ...state, ...part });
  const number = (
    label: string,
    value: number,
    low: number,
    high: number,
    set: (v: number) => Partial<LiveState>,
    options: { unit?: string; isWhole?: boolean; testId?: string } = {},
  ) => (
    <Field
      label={label}
      unit={options.unit}
      value={String(value)}
      check={numberBetween(low, high, options.isWhole)}
      onApply={(text) => change(set(Number(text)))}
      testId={options.testId}
    />
  );
  const withIntegration = (part: Partial<LiveState['integration']>) => ({ integration: { ...integration, ...part } });
  const withRoi = (part: Partial<LiveState['roi']>) => ({ roi: { ...roi, ...part } });
  return (
    <section className="panel" aria-label="Parameters">
      <div className="phead">
        <span className="tab on">Parameters</span>
        <span className="sp" />
        <span className="ttl">
          <small>v{version}</small>
        </span>
      </div>
      <div className="scroll">
        <div className="sec stack">
          <div className="sech">Source</div>
          <Field
            label="Bridge"
            value={source.endpoint}
            isText
            testId="field-endpoint"
            check={(text) =>
              /^(tcp:\/\/[^/:]+:\d{1,5}|ipc:\/\/.+)$/.test(text) ? null : 'tcp://host:port or ipc:///path'
            }
            onApply={(endpoint) => change({ source: { ...source, endpoint } })}
          />
          <div className="fr">
            <label htmlFor="socket">Socket</label>
            <select
              id="socket"
              className="selct"
              value={source.socket}
              onChange={(event) =>
                void change({ source: { ...source, socket: event.target.value as LiveState['source']['socket'] } })
              }
            >
              <option>REQ</option>
              <option>SUB</option>
              <option>PULL</option>
            </select>
          </div>
        </div>
        <div className="sec stack">
          <div className="sech">Azimuthal integration</div>
          {number('Centre x', integration.centreX, -10_000, 10_000, (centreX) => withIntegration({ centreX }), {
            unit: 'px',
            testId: 'field-centre-x',
          })}
          {number('Centre y', integration.centreY, -10_000, 10_000, (centreY) => withIntegration({ centreY }), {
            unit: 'px',
          })}
          {number('Sample distance', integration.distance, 0.001, 100, (distance) => withIntegration({ distance }), {
            unit: 'm',
            testId: 'field-distance',
          })}
          {number(
            'Photon energy',
            integration.photonEnergyKeV,
            0.1,
            200,
            (photonEnergyKeV) => withIntegration({ photonEnergyKeV }),
            { unit: 'keV' },
          )}
          {number('Points', integration.points, 2, 8192, (points) => withIntegration({ points }), { isWhole: true })}
          {number('From', integration.qMin, 0, 100, (qMin) => withIntegration({ qMin }), { unit: 'Å⁻¹' })}
          {number('To', integration.qMax, 0.001, 100, (qMax) => withIntegration({ qMax }), { unit: 'Å⁻¹' })}
        </div>
        <div className="sec stack">
          <div className="sech">
            Region <small>image pixels</small>
          </div>
          <div className="fr">
            <label htmlFor="roi-on">ROI 1</label>
            <button
              id="roi-on"
              type="button"
              className={`sw ${roi.isOn ? 'on' : ''}`}
              role="switch"
              aria-checked={roi.isOn}
              onClick={() => void change(withRoi({ isOn: !roi.isOn }))}
              aria-label="ROI 1"
            />
          </div>
          {number('x', roi.x, -10_000, 10_000, (x) => withRoi({ x }), {
            unit: 'px',
            isWhole: true,
            testId: 'field-roi-x',
          })}
          {number('y', roi.y, -10_000, 10_000, (y) => withRoi({ y }), { unit: 'px', isWhole: true })}
          {number('Width', roi.width, 1, 10_000, (width) => withRoi({ width }), { unit: 'px', isWhole: true })}
          {number('Height', roi.height, 1, 10_000, (height) => withRoi({ height }), { unit: 'px', isWhole: true })}
        </div>
        <div className="sec stack">
          <div className="sech">Image</div>
          {number('Moving average', state.movingAverage, 1, 1000, (movingAverage) => ({ movingAverage }), {
            unit: 'trains',
            isWhole: true,
          })}
          <div className="fr">
            <label htmlFor="corrected">Corrected</label>
            <button
              id="corrected"
              type="button"
              className={`sw ${state.isCorrected ? 'on' : ''}`}
              role="switch"
              aria-checked={state.isCorrected}
              onClick={() => void change({ isCorrected: !state.isCorrected })}
              aria-label="Corrected"
            />
          </div>
        </div>
      </div>
    </section>
  );
}

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import { useKeys } from '../../keyboard.ts';
import { numberText } from '../../number-text.ts';
import { shownDetector, trainChange, useRunView, useShownTrain } from '../../run-view.ts';
import { describePlace, latticeOf } from '../../scattering.ts';
import { session } from '../../session.ts';
import { noteShownFrame } from '../../test-probe.ts';
import { trainIdAt } from '../../train-ranges.ts';
import { Choices } from '../choices.tsx';
import { ImageView } from '../image-view.tsx';
import { QueryState } from '../query-state.tsx';
import { Slider } from '../slider.tsx';

/** One frame of the run's detector, chosen by train and pulse, raw or corrected. */
export function RunFrame() {
  const page = useRunView();
  const { run, info, search, set } = page;
  const detector = shownDetector(page);
  const inRange = (name: string, count: number) =>
    Math.min(Math.max(0, Math.floor(Number(search.get(name) ?? 0)) || 0), Math.max(0, count - 1));
  const train = inRange('train', detector?.trains ?? 0);
  const pulse = inRange('pulse', detector?.maxPulses ?? 0);
  const canCorrect = detector ? !detector.isRaw || detector.isCorrectable : false;
  const wanted = search.get('view');
  const view = wanted === 'raw' || wanted === 'corrected' ? wanted : canCorrect ? 'corrected' : 'raw';
  const query = useQuery({
    queryKey: ['frame', run, detector?.name, train, pulse, view],
    queryFn: ({ signal }) => session.call('frame', run, { detector: detector?.name ?? '', train, pulse, view }, signal),
    enabled: detector !== undefined,
    placeholderData: keepPreviousData,
  });
  const geometry = useQuery({
    queryKey: ['geometry', run, detector?.name],
    queryFn: ({ signal }) => session.call('geometry', run, { detector: detector?.name }, signal),
    enabled: detector !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  const frame = query.error ? undefined : query.data;
  const meta = frame?.meta;
  const image = useMemo(() => {
    const array = frame?.arrays.get('image');
    return array ? { data: array.data as Float32Array, shape: array.shape } : null;
  }, [frame]);
  useEffect(() => {
    if (frame) noteShownFrame(frame);
    useShownTrain.setState({ trainId: frame?.meta.trainId ?? null });
  }, [frame]);
  useEffect(() => () => useShownTrain.setState({ trainId: null }), []);
  const lattice = useMemo(() => (geometry ? latticeOf(geometry) : null), [geometry]);
  const centre = useMemo(
    () => (geometry ? ([geometry.centre[1], geometry.centre[0]] as const) : undefined),
    [geometry],
  );
  const describe = useCallback(
    (x: number, y: number): (readonly [string, string])[] =>
      geometry ? [['pixel', describePlace(geometry, x, y)]] : [],
    [geometry],
  );
  const showTrain = (index: number) => {
    const trainId = detector ? trainIdAt(detector.trainRanges, index) : null;
    set({ ...(trainId === null ? {} : trainChange(page, trainId)), train: String(index) });
  };
  useKeys((event) => {
    if (!detector || event.altKey) return false;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const pulseStep = { '[': -1, ']': 1 }[event.key];
    if (step) showTrain(Math.min(detector.trains - 1, Math.max(0, train + step)));
    else if (pulseStep) set({ pulse: String(Math.min(detector.maxPulses - 1, Math.max(0, pulse + pulseStep))) });
    else return false;
    return true;
  });
  if (!detector) {
    return (
      <section className="pn" aria-label="Detector frame">
        <div className="state" data-testid="no-detector">
          <h2>No detector in this run</h2>
          <p>
            None of its {numberText(info.sources.length)} sources is a known multi-module detector with frames. Its
            other keys can be plotted all the same.
          </p>
        </div>
      </section>
    );
  }
  return (
    <section className="pn" aria-label="Detector frame">
      <div className="ptool">
        {info.detectors.length > 1 ? (
          <select
            className="selct"
            aria-label="Detector"
            value={detector.name}
            onChange={(event) => set({ detector: event.target.value })}
          >
            {info.detectors.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        ) : (
          <span className="b el">{detector.name}</span>
        )}
        <span className="sp" />
        <Choices
          values={['raw', 'corrected'] as const}
          value={view}
          titleOf={(each) =>
            each === 'corrected' && !canCorrect ? 'There are no dark runs beside this run' : undefined
          }
          isDisabled={(each) => (each === 'corrected' ? !canCorrect : !detector.isRaw)}
          testId="view"
          onChoose={(each) => set({ view: each })}
        />
      </div>
      <ImageView
        image={image}
        lattice={lattice}
        centre={centre}
        describe={describe}
        unit={meta?.unit ?? ''}
        provenance={
          meta ? `train …${String(meta.trainId).slice(-5)} · pulse ${meta.pulseId} · cell ${meta.cellId}` : ''
        }
        fileName={meta ? `${info.proposal}-r${info.run}-${meta.trainId}-${meta.pulseId}-${meta.view}` : 'frame'}
        testId="frame-image"
      >
        <div className={query.error || query.isLoading ? 'cover' : ''}>
          <QueryState isLoading={query.isLoading} error={query.error} what="Frame" />
          {query.isLoading && view === 'corrected' && detector.isRaw && (
            <div className="state">
              <p>The first corrected frame of a proposal takes a while: its constants are made from the dark runs.</p>
            </div>
          )}
        </div>
      </ImageView>
      <div className="sliders">
        <Slider
          label="Train"
          name="train"
          value={train}
          count={detector.trains}
          words={meta ? numberText(meta.trainId) : '–'}
          onChange={showTrain}
        />
        <Slider
          label="Pulse"
          name="pulse"
          value={pulse}
          count={detector.maxPulses}
          words={meta ? `${meta.pulseId} · cell ${meta.cellId}` : '–'}
          onChange={(value) => set({ pulse: String(value) })}
        />
      </div>
    </section>
  );
}

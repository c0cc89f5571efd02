import { useCallback, useEffect, useMemo } from 'react';
import { provenanceOf } from '../../live/live-provenance.ts';
import { useLive } from '../../live/live-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { describePlace, latticeOf, qOfRadius, radiusOfQ } from '../../scattering.ts';
import { noteShownFrame } from '../../test-probe.ts';
import { type ImageRoi, ImageView } from '../image-view.tsx';
import { LiveNotes } from './notes.tsx';
import { LiveNotice } from './notice.tsx';

/** The picture of the last train with its region of interest. */
export function LiveImage() {
  const frame = useLive((live) => live.frame);
  const known = useLive((live) => live.geometry);
  const detector = useLive((live) => live.status?.shown?.sequence);
  const state = useLive((live) => live.state);
  const apply = useLive((live) => live.apply);
  const isPaused = useLive((live) => live.isPaused);
  const hoverQ = useLive((live) => live.hoverQ);
  const shownMeta = useLive((live) => live.counts.meta);
  const image = useMemo(() => {
    const array = frame?.arrays.get('image');
    return array ? { data: array.data as Float32Array, shape: array.shape } : null;
  }, [frame]);
  useEffect(() => {
    if (frame) noteShownFrame(frame);
  }, [frame]);
  const picture = frame?.meta.detector;
  // For a moment another detector's picture comes before its tiles.
  const geometry = known && picture === detector && fitsPicture(known.shape, image?.shape) ? known : null;
  const lattice = useMemo(() => geometry && latticeOf(geometry), [geometry]);
  const integration = state?.integration;
  const centre = useMemo(
    () => (integration ? ([integration.centreX, integration.centreY] as const) : undefined),
    [integration],
  );
  const ring = useMemo(() => {
    if (hoverQ === null || !integration || !geometry) return null;
    return {
      radius: radiusOfQ(hoverQ, integration) / geometry.pitch[1],
      label: `q ${numberText(hoverQ, 3)} Å⁻¹ · d ${numberText((2 * Math.PI) / hoverQ, 3)} Å`,
    };
  }, [hoverQ, integration, geometry]);
  const describe = useCallback(
    (x: number, y: number): (readonly [string, string])[] => {
      if (!geometry || !integration) return [];
      const [stepY, stepX] = geometry.pitch;
      const radius = Math.hypot(stepX * (x + 0.5 - integration.centreX), stepY * (y + 0.5 - integration.centreY));
      const q = qOfRadius(radius, integration);
      return [
        ['q', `${numberText(q, 3)} Å⁻¹`],
        ['d', `${q > 0 ? valueText((2 * Math.PI) / q) : '–'} Å`],
        ['pixel', describePlace(geometry, x, y)],
      ];
    },
    [geometry, integration],
  );
  const onRoi = useCallback(
    (change: (roi: ImageRoi) => ImageRoi) => {
      const latest = useLive.getState().state;
      if (!latest) return;
      const { isOn, x, y, width, height } = change(latest.roi);
      void apply({ ...latest, roi: { isOn, x, y, width, height } });
    },
    [apply],
  );
  const average = state && state.movingAverage > 1 ? `, mean of ${state.movingAverage} trains` : '';
  return (
    <section className="pn" aria-label="Detector">
      <ImageView
        image={image}
        subject={frame?.meta.detector}
        lattice={lattice}
        unit={frame?.meta.unit ?? 'keV'}
        roi={state?.roi}
        onRoi={onRoi}
        centre={centre}
        ring={ring}
        describe={describe}
        fileName={`live-${frame?.meta.trainId ?? 0}`}
        provenance={`${shownMeta ? `${shownMeta.pulses} pulses${average} · ` : ''}${provenanceOf(shownMeta)}`}
        testId="live-image"
      >
        <LiveNotes notes={frame?.meta.notes ?? []} />
        <LiveNotice hasImage={image !== null} />
        {isPaused && (
          <div className="plate" data-testid="paused">
            <b>Paused</b> the pipeline goes on, <kbd>Space</kbd> goes live
          </div>
        )}
      </ImageView>
    </section>
  );
}

function fitsPicture(shape: readonly number[], picture: readonly number[] | undefined): boolean {
  return picture !== undefined && shape[0] === picture[0] && shape[1] === picture[1];
}

import { IconArrowBackUp, IconPointer } from '@tabler/icons-react';
import { useEffect } from 'react';
import { followPicks, usePicks } from '../../analysis/calibration/picked-points.ts';
import { useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';

/** Picks points of rings on the picture: for start values that are too far off. @param moreDistance m */
export function RingPicks({ moreDistance }: { readonly moreDistance: number }) {
  const { isPicking, ring, points, setPicking, setRing, removeLast, use } = usePicks();
  const rings = useCalibrantRings();
  const hasPicture = useGeometry((state) => state.picture !== null);
  useEffect(followPicks, []);
  return (
    <div className="analysis-row" data-testid="ring-picks">
      <button
        type="button"
        className={`btn ${isPicking ? 'on' : ''}`}
        aria-pressed={isPicking}
        disabled={!hasPicture || rings.length === 0}
        title="Click points of a ring on the picture: where rings are not found by themselves"
        data-testid="pick-points"
        onClick={() => setPicking(!isPicking)}
      >
        <IconPointer size={13} stroke={1.7} aria-hidden="true" />
        Pick points
      </button>
      <select
        className="selct"
        aria-label="Ring of the next point"
        data-testid="pick-ring"
        value={Math.min(ring, Math.max(0, rings.length - 1))}
        onChange={(event) => setRing(Number(event.target.value))}
      >
        {rings.map(({ label }, i) => (
          <option key={label} value={i}>
            ring {i + 1}: {label}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="ib"
        disabled={points.length === 0}
        aria-label="Remove the last point"
        title="Remove the last point"
        onClick={removeLast}
      >
        <IconArrowBackUp size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <span className="sp" />
      <button
        type="button"
        className="btn"
        disabled={points.length === 0}
        data-testid="use-picks"
        onClick={() => use(moreDistance)}
      >
        Use {points.length} {points.length === 1 ? 'point' : 'points'}
      </button>
    </div>
  );
}

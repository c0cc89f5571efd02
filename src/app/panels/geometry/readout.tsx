import { useMemo } from 'react';
import { KEV_ANGSTROM } from '../../../core/physics.ts';
import type { Geometry } from '../../../detector/geometry.ts';
import { beamFrame } from '../../../detector/integration/experiment.ts';
import { scatteringAngle } from '../../../detector/refinement/scattering-angle.ts';
import { pixelAt } from '../../../detector/tile-place.ts';
import { type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import type { DrawnRing } from '../../geometry/picture-lines.ts';
import { numberText, valueText } from '../../number-text.ts';

interface ReadoutProps {
  readonly picture: ModulePicture | null;
  readonly geometry: Geometry | null;
  readonly rings: readonly DrawnRing[];
}

/** What is below the pointer: place, value, q, ring and pixel; every part has its own place, so that nothing jumps. */
export function GeometryReadout({ picture, geometry, rings }: ReadoutProps) {
  const pointer = useGeometry((store) => store.pointer);
  const experiment = useGeometry((store) => store.document?.experiment ?? null);
  const radii = useMemo(() => rings.map(({ label, places }) => ({ label, mean: meanRadius(places) })), [rings]);
  if (!pointer || !geometry || !experiment) {
    return (
      <span className="grow readout" data-testid="geometry-readout">
        <span className="t3">point at a pixel for its value; click a part to select it, drag it to move it</span>
      </span>
    );
  }
  const { x, y } = pointer;
  const { detector } = geometry;
  const pixel = pixelAt(geometry, x, y);
  const [, ss, fs] = detector.dataShape;
  const value = pixel && picture ? picture.data[(pixel.module * ss + pixel.ss) * fs + pixel.fs] : undefined;
  const angle = scatteringAngle(beamFrame(experiment), x, y, 0);
  const q = ((4 * Math.PI * experiment.photonEnergyKeV) / KEV_ANGSTROM) * Math.sin(angle / 2);
  const radius = Math.hypot(x - (experiment.poni2 ?? 0), y - (experiment.poni1 ?? 0));
  const ring = radii.find(({ mean }) => Math.abs(mean - radius) < 6 * detector.pixelSize);
  const quadrant = pixel && detector.groupModules.length > 1 ? `Q${detector.modules[pixel.module].group + 1} ` : '';
  return (
    <span className="grow readout" data-testid="geometry-readout">
      <span style={{ width: 72 }}>
        x <b>{numberText(x * 1e3, 2)}</b> mm
      </span>
      <span style={{ width: 72 }}>
        y <b>{numberText(y * 1e3, 2)}</b> mm
      </span>
      <b style={{ width: 76 }}>
        {value === undefined ? '–' : Number.isNaN(value) ? 'no value' : `${valueText(value)} ${picture?.unit}`}
      </b>
      <span style={{ width: 76 }}>
        q <b>{numberText(q, 3)}</b> Å⁻¹
      </span>
      <span style={{ width: 58 }}>{ring ? `ring ${ring.label}` : ''}</span>
      <span className="nw">{pixel ? `${quadrant}M${pixel.module} · ss ${pixel.ss}, fs ${pixel.fs}` : 'gap'}</span>
    </span>
  );
}

function meanRadius(places: DrawnRing['places']): number {
  const [x, y] = places.reduce(([sx, sy], [px, py]) => [sx + px / places.length, sy + py / places.length], [0, 0]);
  return places.reduce((sum, [px, py]) => sum + Math.hypot(px - x, py - y) / places.length, 0);
}

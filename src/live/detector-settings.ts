import type { LiveSettings, ShownDetector } from './engine.ts';

/** What is in pixels of a detector's picture. */
interface Places {
  readonly centreX: number;
  readonly centreY: number;
  readonly roi: LiveSettings['roi'];
}

/** Part of the picture's side that a region takes which has to be moved into it. */
const ROI_SHARE = 8;

/**
 * Settings in pixels of the picture follow the detector that comes: beam centre and region of each are kept for when it comes
 * again; a new one has the centre of its geometry. Everything else stays.
 */
export class DetectorSettings {
  readonly #kept = new Map<string, Places>();
  #key: string;

  /** @param first the detector that the settings are made for */
  constructor(first: Pick<ShownDetector, 'kind' | 'dataShape' | 'geometryPath'>) {
    this.#key = keyOf(first);
  }

  /** The settings for a detector's trains; the same document if it is the detector of before. */
  follow(shown: ShownDetector, settings: LiveSettings): LiveSettings {
    const key = keyOf(shown);
    if (key === this.#key) return settings;
    const { integration, roi } = settings;
    this.#kept.set(this.#key, { centreX: integration.centreX, centreY: integration.centreY, roi });
    this.#key = key;
    const { shape, centre } = shown.geometry;
    const places = this.#kept.get(key) ?? { centreX: centre[1], centreY: centre[0], roi: roiInside(roi, shape) };
    const { centreX, centreY } = places;
    return { ...settings, integration: { ...integration, centreX, centreY }, roi: { ...places.roi, isOn: roi.isOn } };
  }
}

/** A region that lies in a picture: as it is if it does, else one in the middle. @param shape (height, width) */
export function roiInside(roi: LiveSettings['roi'], [height, width]: readonly [number, number]): LiveSettings['roi'] {
  if (roi.x >= 0 && roi.y >= 0 && roi.x + roi.width <= width && roi.y + roi.height <= height) return roi;
  const size = { width: Math.ceil(width / ROI_SHARE), height: Math.ceil(height / ROI_SHARE) };
  return { ...roi, ...size, x: (width - size.width) >> 1, y: (height - size.height) >> 1 };
}

function keyOf({ kind, dataShape, geometryPath }: Pick<ShownDetector, 'kind' | 'dataShape' | 'geometryPath'>): string {
  return `${kind} ${dataShape} ${geometryPath}`;
}

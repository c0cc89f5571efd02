import { pixelTransmission } from '../../detector/analysis/absorption.ts';
import type { Geometry } from '../../detector/geometry.ts';
import type { CurveSettings, FullExperiment, SceneMessage } from './analysis-request.ts';

/** What the signal of pixels is divided by, and which are left out. Fields are left out where there is nothing. */
export interface PixelLight {
  /** float32 (module * ss * fs): flat field times what absorption lets through. */
  readonly flat?: Float32Array;
  /** uint8 (module * ss * fs), not 0 = left out. */
  readonly mask?: Uint8Array;
}

type LightScene = Pick<Required<SceneMessage>, 'mask' | 'flat' | 'original' | 'response'>;

/** Before and after, and once more for a proposal. */
const KEPT = 3;

/** Flat field, absorption and transfer function joined; kept until the scene changes, since each look at all pixels takes time. */
export class PixelLights {
  #kept: { readonly geometry: Geometry; readonly key: string; readonly light: PixelLight }[] = [];

  /** Forgets everything: pictures or masks are others. */
  clear(): void {
    this.#kept = [];
  }

  /** @throws StateInvalid for impossible numbers; ShapeMismatch for pictures of another detector */
  of(
    geometry: Geometry,
    experiment: FullExperiment,
    { oblique, seat }: Pick<CurveSettings, 'oblique' | 'seat'>,
    scene: LightScene,
  ): PixelLight {
    const key = JSON.stringify([experiment, oblique, seat]);
    const found = this.#kept.find((each) => each.geometry === geometry && each.key === key);
    if (found) return found.light;
    const light = makeLight(geometry, experiment, { oblique, seat }, scene);
    this.#kept = [{ geometry, key, light }, ...this.#kept].slice(0, KEPT);
    return light;
  }
}

function makeLight(
  geometry: Geometry,
  experiment: FullExperiment,
  { oblique, seat }: Pick<CurveSettings, 'oblique' | 'seat'>,
  { mask, flat, original, response }: LightScene,
): PixelLight {
  const transfer = original && response ? { original, response } : null;
  const plain = { ...(mask ? { mask } : {}), ...(flat ? { flat } : {}) };
  if (!oblique && !seat && !transfer) return plain;
  const light = pixelTransmission(geometry, experiment, { oblique, seat, transfer });
  // Pixels without light would add their noise, and no norm.
  const dark = Uint8Array.from(light, (share, i) => Number(!(share > 0) || (mask !== null && mask[i] !== 0)));
  return { mask: dark, flat: flat ? light.map((share, i) => share * flat[i]) : light };
}

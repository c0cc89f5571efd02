import { NoData, StateInvalid } from '../../core/errors.ts';
import type { Geometry } from '../../detector/geometry.ts';
import type { IntegrationOptions } from '../../detector/integration/integration-table.ts';
import type { CurveSettings, FullExperiment, SceneMessage } from './analysis-request.ts';
import { integrationUnit, type PatternUnit, turnSpacing } from './curve/pattern-unit.ts';
import { PixelLights } from './pixel-light.ts';

type SceneFields = Required<Omit<SceneMessage, 'scene'>>;

const EMPTY: SceneFields = {
  picture: null,
  mask: null,
  dark: null,
  flat: null,
  original: null,
  response: null,
  background: null,
  backgroundScale: 1,
  backgroundOffset: 0,
  dummy: null,
  dummyDelta: 0,
};

/** A picture with its mask and its corrections: what the worker integrates. One for each configuration of the page. */
export class AnalysisScene {
  #fields = EMPTY;
  readonly #lights = new PixelLights();
  /** The picture less its background; made when asked for. */
  #cleaned: Float32Array | null = null;

  /** Takes pictures, masks and corrections; what is not given stays. */
  change({ scene: _scene, ...change }: SceneMessage): void {
    this.#fields = { ...this.#fields, ...change };
    this.#cleaned = null;
    this.#lights.clear();
  }

  get mask(): Uint8Array | null {
    return this.#fields.mask;
  }

  /** float32 (module * ss * fs), without background and dummies. @throws NoData while there is none; StateInvalid as {@link clean} */
  picture(): Float32Array {
    const { picture } = this.#fields;
    if (!picture) throw new NoData('There is no picture yet: choose a run, a train or a mean on the left first.', {});
    this.#cleaned ??= this.clean(picture);
    return this.#cleaned;
  }

  /** Another picture less the background of this scene, and without dummies. @throws StateInvalid if they are of different size */
  clean(picture: Float32Array): Float32Array {
    const { background, backgroundScale, backgroundOffset, dummy, dummyDelta } = this.#fields;
    if (background && background.length !== picture.length)
      throw new StateInvalid(
        `The background picture has ${background.length} pixels, the picture has ${picture.length}.`,
        { field: 'background' },
      );
    if (dummy === null && !background) return picture;
    return picture.map((value, i) => {
      if (dummy !== null && Math.abs(value - dummy) <= dummyDelta) return Number.NaN;
      return background ? value - (backgroundScale * background[i] + backgroundOffset) : value;
    });
  }

  /** Everything of a table but its bins. @throws StateInvalid, ShapeMismatch */
  options(
    settings: CurveSettings,
    geometry: Geometry,
    experiment: FullExperiment,
  ): Omit<IntegrationOptions, 'points' | 'azimuthPoints'> {
    const { dark } = this.#fields;
    return {
      unit: integrationUnit(settings.unit),
      method: settings.method,
      hasSolidAngle: settings.hasSolidAngle,
      ...(settings.polarization === null ? {} : { polarization: { factor: settings.polarization } }),
      ...(settings.radialRange ? { radialRange: rangeInside(settings.radialRange, settings.unit) } : {}),
      ...(settings.azimuthRange ? { azimuthRange: settings.azimuthRange } : {}),
      ...(dark ? { dark } : {}),
      ...this.#lights.of(geometry, experiment, settings, this.#fields),
    };
  }
}

/** A range on screen in the unit that is integrated in. */
function rangeInside([low, high]: readonly [number, number], unit: PatternUnit): readonly [number, number] {
  if (unit !== 'd_A') return [low, high];
  if (!(low > 0 && high > low))
    throw new StateInvalid(`The range of d, ${low} to ${high}, must lie above 0, the smaller one first.`, {
      field: 'radialRange',
    });
  return [turnSpacing(high), turnSpacing(low)];
}

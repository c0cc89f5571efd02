import { StateInvalid } from '../core/errors.ts';
import { SPLIT_METHODS } from '../detector/integration/split-method.ts';
import type { LiveSettings } from './engine.ts';

/** More bridges than any experiment has. */
const MAX_SOURCES = 16;

/**
 * Checks a settings document and returns it unchanged.
 * @throws StateInvalid naming the first field with an impossible value, and the values that are possible
 */
export function checkLiveSettings(settings: LiveSettings): LiveSettings {
  const { integration, roi, sources } = settings;
  const inRange = (field: string, value: number, low: number, high: number, unit: string) => {
    if (!(value >= low && value <= high)) {
      throw new StateInvalid(
        `${field} = ${value} ${unit} is impossible: give a value from ${low} to ${high} ${unit}.`,
        { field },
      );
    }
  };
  const isWhole = (field: string, value: number) => {
    if (!Number.isInteger(value)) throw new StateInvalid(`${field} = ${value} must be a whole number.`, { field });
  };
  inRange('integration.centreX', integration.centreX, -10_000, 10_000, 'px');
  inRange('integration.centreY', integration.centreY, -10_000, 10_000, 'px');
  inRange('integration.distance', integration.distance, 1e-4, 100, 'm');
  inRange('integration.photonEnergyKeV', integration.photonEnergyKeV, 0.01, 200, 'keV');
  inRange('integration.points', integration.points, 2, 8192, '');
  isWhole('integration.points', integration.points);
  inRange('integration.qMin', integration.qMin, 0, 100, '1/Angstrom');
  inRange('integration.qMax', integration.qMax, 0, 100, '1/Angstrom');
  if (integration.qMax <= integration.qMin) {
    throw new StateInvalid(`integration.qMax = ${integration.qMax} must be larger than qMin = ${integration.qMin}.`, {
      field: 'integration.qMax',
    });
  }
  const { method = 'no' } = integration;
  if (!SPLIT_METHODS.includes(method))
    throw new StateInvalid(`integration.method "${method}" is unknown: choose one of ${SPLIT_METHODS.join(', ')}.`, {
      field: 'integration.method',
    });
  for (const side of ['x', 'y', 'width', 'height'] as const) isWhole(`roi.${side}`, roi[side]);
  inRange('roi.width', roi.width, 1, 10_000, 'px');
  inRange('roi.height', roi.height, 1, 10_000, 'px');
  inRange('movingAverage', settings.movingAverage, 1, 1000, 'trains');
  isWhole('movingAverage', settings.movingAverage);
  if (sources.length > MAX_SOURCES)
    throw new StateInvalid(`${sources.length} sources are too many: at most ${MAX_SOURCES} bridges are listened to.`, {
      field: 'sources',
    });
  for (const [i, { endpoint }] of sources.entries()) {
    const field = `sources.${i}.endpoint`;
    if (!/^(tcp:\/\/([^/:\s]+|\[[0-9a-fA-F:]+\]):\d{1,5}|ipc:\/\/.+)$/.test(endpoint))
      throw new StateInvalid(`${field} "${endpoint}" is no endpoint: write tcp://host:port or ipc:///path.`, { field });
    if (sources.findIndex((other) => other.endpoint === endpoint) < i)
      throw new StateInvalid(`${field}: ${endpoint} is there already; each endpoint is listened to once.`, { field });
  }
  return settings;
}

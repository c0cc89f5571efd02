import type { LiveStatus } from '../../api/live-contract.ts';
import { numberText } from '../number-text.ts';

/** Lamp of an endpoint's state: a class of the style sheet. */
export const ENDPOINT_LAMPS: Readonly<Record<LiveStatus['connection'], string>> = {
  off: 'off',
  connecting: 'chg',
  receiving: '',
  silent: 'warn',
  error: 'err',
};

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with three digits or so: `1.25 GB`, `40 kB`. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return '–';
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${numberText(value, unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${UNITS[unit]}`;
}

/** Minutes and seconds: `5:21`; hours where there are any: `1:05:21`. */
export function clockText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Dtype and shape: `uint16 [16, 512, 128]`. */
export function kindText(type: string, shape: readonly number[] | null): string {
  return shape === null || shape.length === 0 ? type : `${type} [${shape.join(', ')}]`;
}

import type { RunFile } from './run-file.ts';

/** When each train was recorded: ns since the epoch (UTC), 0n where no file says. */
export function trainTimestamps(files: readonly RunFile[], trainIds: readonly number[]): BigUint64Array {
  const missing = new Set(trainIds);
  const found = new Map<number, bigint>();
  for (const { index } of files) {
    if (missing.size === 0) break;
    // The cheap question first: a file whose trains are all known need not be opened.
    if (!index.trainIds.some((id) => missing.has(id))) continue;
    const { timestamps } = index;
    if (!timestamps) continue;
    for (const [i, id] of index.trainIds.entries()) {
      if (timestamps[i] === 0n || !missing.delete(id)) continue;
      found.set(id, timestamps[i]);
    }
  }
  return BigUint64Array.from(trainIds, (id) => found.get(id) ?? 0n);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'medium',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  return format;
}

/**
 * A time as text with its offset: `2026-09-21 16:13:20.100000+02:00`; fractions of a second to µs, or to ns where needed.
 * @param ns since the epoch (UTC)
 * @param timeZone default the European XFEL's
 */
export function localTimeText(ns: bigint, timeZone = 'Europe/Berlin'): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0');
  const date = new Date(Number(seconds) * 1000);
  const local = formatFor(timeZone).format(date);
  const offsetMinutes = Math.round((Date.parse(`${local.replace(' ', 'T')}Z`) - date.getTime()) / 60_000);
  const pad = (n: number) => String(n).padStart(2, '0');
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offsetMinutes) / 60))}:${pad(Math.abs(offsetMinutes) % 60)}`;
  const digits = fraction.endsWith('000') ? fraction.slice(0, 6) : fraction;
  return `${local}${Number(fraction) === 0 ? '' : `.${digits}`}${offset}`;
}

import { SERVER_SOCKETS } from '../bridge/bridge-settings.ts';
import type { ClientSocketKind, ServerSocketKind } from '../bridge/socket.ts';
import { Usage } from '../core/errors.ts';
import { BRIDGE_PROTOCOLS, type BridgeProtocol } from '../formats/bridge-source.ts';

const CLIENT_OF = { REP: 'REQ', PUB: 'SUB', PUSH: 'PULL' } as const;

/** One of the allowed words, in any case. @throws Usage */
export function chooseWord<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each.toLowerCase() === given.toLowerCase());
  if (!found) throw new Usage(`Unknown ${what} "${given}": choose ${allowed.join(', ')}.`);
  return found;
}

/** The server's socket. @throws Usage */
export function serverSocketOf(given: string): ServerSocketKind {
  return chooseWord('server socket', given, SERVER_SOCKETS);
}

/** The socket that goes with the server's. @throws Usage */
export function clientSocketOf(given: string): ClientSocketKind {
  return CLIENT_OF[serverSocketOf(given)];
}

/** The protocol of messages. @throws Usage */
export function protocolOf(given: string): BridgeProtocol {
  return chooseWord('protocol', given, BRIDGE_PROTOCOLS);
}

/** A number >= 0. @throws Usage */
export function numberOf(option: string, given: string): number {
  const value = Number(given);
  if (given.trim() === '' || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new Usage(`${option} ${given} must be a number >= 0.`);
  return value;
}

/** A whole number from `low` on. @throws Usage */
export function wholeOf(option: string, given: string, low: number): number {
  const value = numberOf(option, given);
  if (!Number.isSafeInteger(value) || value < low)
    throw new Usage(`${option} ${given} must be a whole number >= ${low}.`);
  return value;
}

/** Bytes: `500M`, `2G`, `1.5TB`, powers of 1000; `Gi` and the like of 1024. @throws Usage */
export function bytesOf(option: string, given: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMGT])?(i)?B?$/i.exec(given.trim());
  if (!match) throw new Usage(`${option} ${given} must be a number of bytes such as 500M or 20G.`);
  const power = match[2] ? 'KMGT'.indexOf(match[2].toUpperCase()) + 1 : 0;
  return Math.floor(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}

/** Seconds: `90`, `90s`, `15m`, `2h`. @throws Usage */
export function secondsOf(option: string, given: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smh])?$/i.exec(given.trim());
  const seconds = match ? Number(match[1]) * { s: 1, m: 60, h: 3600 }[(match[2] ?? 's').toLowerCase() as 's'] : 0;
  if (!match || seconds <= 0) throw new Usage(`${option} ${given} must be a time such as 90s, 15m or 2h.`);
  return seconds;
}

/** Bytes for people: `1.43 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

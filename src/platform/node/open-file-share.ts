import { readFileSync } from 'node:fs';

/** Files that one program keeps open at most, whatever the system allows. */
const MOST = 1024;
/** What POSIX systems allow at least; the share where the limit cannot be known. */
const UNKNOWN = 256;

/**
 * How many files runs may keep open: at most half of what the system lets the program open, so that sockets, pages and the
 * other half of its files find room.
 * @param limits text of /proc/self/limits; absent on systems without it
 */
export function openFileShare(limits = readLimits()): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? UNKNOWN / 2 : Math.max(1, Math.min(MOST, Math.floor(Number(soft) / 2)));
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return ''; // not Linux
  }
}

import { connect } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** The host as clients may write it: all addresses of this computer go by its name, as with the python server. */
export function shownHost(host: string): string {
  const address = addressOf(host);
  if (address === '0.0.0.0') return hostname();
  return address.includes(':') ? `[${address}]` : address;
}

/** The address to listen at: the host as given, or that of a network interface of this name (`ib0`). */
export function addressOf(host: string): string {
  if (host === '*') return '0.0.0.0';
  const addresses = networkInterfaces()[host] ?? [];
  return (addresses.find(({ family }) => family === 'IPv4') ?? addresses[0])?.address ?? host;
}

/** Whether somebody answers at a socket file; the file of a program that died stays behind, and nobody answers there. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Anything but a refusal (no permission, a full backlog) is no sign that the file is left over.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

import { connect } from 'node:net';
import { hostname } from 'node:os';

/** The host as clients may write it: all addresses of this computer go by its name, as with the python server. */
export function shownHost(host: string): string {
  if (host === '*' || host === '0.0.0.0') return hostname();
  return host.includes(':') ? `[${host}]` : host;
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

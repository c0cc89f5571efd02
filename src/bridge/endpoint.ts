import { EndpointInvalid } from '../core/errors.ts';

/** Where a socket connects to or binds. */
export type Endpoint =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'ipc'; readonly path: string };

/** Bytes that a system has for the path of a socket; Linux has the most. */
const MAX_PATH_BYTES = 107;

/**
 * Reads `tcp://host:port`, `tcp://*:port`, `ipc://path` or `ipc://@name` (Linux: a name without a file; its path begins with
 * a NUL).
 * @throws EndpointInvalid with what is wrong
 */
export function parseEndpoint(text: string): Endpoint {
  const fail = (why: string) =>
    new EndpointInvalid(`"${text}" is no endpoint: ${why}. Write tcp://host:port or ipc:///path.`, { endpoint: text });
  const ipc = /^ipc:\/\/(.+)$/.exec(text);
  if (ipc) {
    const length = new TextEncoder().encode(ipc[1]).length;
    if (length > MAX_PATH_BYTES)
      throw fail(`the path has ${length} bytes, the system allows ${MAX_PATH_BYTES}: take a shorter one`);
    return { transport: 'ipc', path: ipc[1].replace(/^@/, '\0') };
  }
  if (text.startsWith('inproc://')) throw fail('inproc is inside one program, and nobody else can reach it');
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d+|\*)$/.exec(text);
  if (!tcp)
    throw fail(
      /^tcp:\/\/[^:]+\/\d+$/.test(text) ? 'the port comes after a colon, not after a slash' : 'the form is wrong',
    );
  const port = tcp[2] === '*' ? 0 : Number(tcp[2]);
  if (port > 65_535) throw fail(`port ${tcp[2]} is above 65535`);
  return { transport: 'tcp', host: tcp[1].replace(/^\[|\]$/g, ''), port };
}

/**
 * Reads where a client is to connect.
 * @throws EndpointInvalid also for an address that only a server can have: no host, no port
 */
export function parsePeerEndpoint(text: string): Endpoint {
  const address = parseEndpoint(text);
  if (address.transport === 'tcp' && (address.host === '*' || address.port === 0))
    throw new EndpointInvalid(
      `${text} is where a server may listen; a client needs the name of the bridge's computer and its port.`,
      { endpoint: text },
    );
  return address;
}

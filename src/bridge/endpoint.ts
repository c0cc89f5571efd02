import { EndpointInvalid } from '../core/errors.ts';

/** Where a socket connects to or binds. */
export type Endpoint =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'ipc'; readonly path: string };

/**
 * Reads `tcp://host:port`, `tcp://*:port` or `ipc://path`.
 * @throws EndpointInvalid with what is wrong
 */
export function parseEndpoint(text: string): Endpoint {
  const fail = (why: string) =>
    new EndpointInvalid(`"${text}" is no endpoint: ${why}. Write tcp://host:port or ipc:///path.`, { endpoint: text });
  const ipc = /^ipc:\/\/(.+)$/.exec(text);
  if (ipc) return { transport: 'ipc', path: ipc[1] };
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

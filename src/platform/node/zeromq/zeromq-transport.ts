import type {
  BindOptions,
  ClientSocketKind,
  ConnectOptions,
  ServerSocketKind,
  SocketTransport,
} from '../../../bridge/socket.ts';
import { Unsupported } from '../../../core/errors.ts';
import { connectZeromq } from './zeromq-client.ts';
import { bindZeromq } from './zeromq-server.ts';

/**
 * libzmq behind the socket port, through the package `zeromq`, which is not installed with Hutch: the second opinion on our
 * own ZMTP, and a way out where that should fail. Each message is copied once more into lent memory.
 * @throws Unsupported if the package `zeromq` is not there
 */
export async function openZeromqTransport(): Promise<SocketTransport> {
  const zeromq = await import('zeromq').catch((cause: unknown) => {
    throw new Unsupported(
      'The package zeromq is not installed. Run "npm install zeromq", or use the built-in transport, which needs nothing.',
      {},
      { cause },
    );
  });
  return {
    connect: (endpoint: string, kind: ClientSocketKind, options?: ConnectOptions) =>
      connectZeromq(zeromq, endpoint, kind, options),
    bind: (endpoint: string, kind: ServerSocketKind, options?: BindOptions) =>
      bindZeromq(zeromq, endpoint, kind, options),
  };
}

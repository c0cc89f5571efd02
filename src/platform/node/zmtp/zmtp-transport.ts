import type { SocketTransport } from '../../../bridge/socket.ts';
import { connectZmtp } from './zmtp-client.ts';
import { bindZmtp } from './zmtp-server.ts';

/** ZeroMQ's wire protocol (ZMTP 3.0, no security) over Node's own sockets; large parts are received without a copy. */
export const zmtpTransport: SocketTransport = { connect: connectZmtp, bind: bindZmtp };

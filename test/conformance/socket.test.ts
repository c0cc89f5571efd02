import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { openZeromqTransport } from '../../src/platform/node/zeromq/zeromq-transport.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';
import { testSocketTransport } from './socket-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-socket-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let sockets = 0;

testSocketTransport('ZMTP over tcp', {
  transport: zmtpTransport,
  freshEndpoint: async () => `tcp://127.0.0.1:${await findFreePort()}`,
});
// Other systems have no sockets without a file.
if (process.platform === 'linux')
  testSocketTransport('ZMTP over ipc without a file', {
    transport: zmtpTransport,
    freshEndpoint: async () => `ipc://@hutch-test-${process.pid}-${sockets++}`,
  });
testSocketTransport('ZMTP over ipc', {
  transport: zmtpTransport,
  freshEndpoint: async () => `ipc://${join(folder, `${sockets++}.sock`)}`,
});

const libzmq = {
  transport: await openZeromqTransport(),
  cannot: {
    'count missed': 'libzmq drops for a slow subscriber without a word; send tells how many have subscribed',
    'name peer type': 'libzmq ends the handshake without telling the type of the other side',
    'say part limit': 'libzmq ends the connection without telling that a part was too long',
    'read ahead into lent memory': 'libzmq reads into memory of its own; it is copied when somebody asks',
  },
} as const;

testSocketTransport('zeromq over tcp', {
  ...libzmq,
  freshEndpoint: async () => `tcp://127.0.0.1:${await findFreePort()}`,
});
testSocketTransport('zeromq over ipc', {
  ...libzmq,
  freshEndpoint: async () => `ipc://${join(folder, `${sockets++}.sock`)}`,
});

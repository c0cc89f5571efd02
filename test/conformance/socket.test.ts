import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { zmtpTransport } from '../../src/platform/node/zmtp/zmtp-transport.ts';
import { testSocketTransport } from './socket-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-socket-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let sockets = 0;

testSocketTransport('ZMTP over tcp', {
  transport: zmtpTransport,
  freshEndpoint: async () => `tcp://127.0.0.1:${await findFreePort()}`,
});
testSocketTransport('ZMTP over ipc', {
  transport: zmtpTransport,
  freshEndpoint: async () => `ipc://${join(folder, `${sockets++}.sock`)}`,
});

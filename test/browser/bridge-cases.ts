import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findFreePort } from '../../src/platform/node/free-port.ts';
import { type RunningProgram, startHutch } from '../../tools/demo-browser.ts';
import { type Stage, until } from './stage.ts';

const startSimulator = (stage: Stage, endpoint: string): Promise<RunningProgram> =>
  startHutch(['bridge', 'sim', endpoint, '--run', join(stage.proposal, 'raw', 'r0004'), '--rate', '10'], /./);

async function watch(stage: Stage, endpoint: string): Promise<void> {
  const field = stage.page.getByTestId('field-endpoint');
  await field.fill(endpoint);
  await field.press('Enter');
  await until(async () => (await stage.liveState()).sources[0].endpoint).toBe(endpoint);
}

/** Bridges that are absent, die, come back, or are none: the page says so and goes on by itself. */
export function bridgeCases(stage: Stage): void {
  let demoEndpoint = '';

  it('says that a bridge is absent, and goes on when it comes, dies and comes back', async () => {
    const { page } = stage;
    await stage.openLive();
    demoEndpoint = (await stage.liveState()).sources[0].endpoint;
    const notice = page.getByTestId('live-notice');
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    await watch(stage, endpoint);
    await until(() => notice.textContent(), 20_000).toContain('No bridge answers');
    expect(await notice.textContent()).toContain(endpoint);

    let simulator = await startSimulator(stage, endpoint);
    try {
      await notice.waitFor({ state: 'detached', timeout: 30_000 });
      await until(() => page.getByTestId('connection').textContent()).toBe('receiving');
      simulator.process.kill('SIGKILL');
      await notice.waitFor({ timeout: 30_000 });
      await until(() => page.getByTestId('connection').textContent()).not.toBe('receiving');
      await simulator.stop();
      simulator = await startSimulator(stage, endpoint);
      await notice.waitFor({ state: 'detached', timeout: 30_000 });
      await stage.waitForTrains();
    } finally {
      await simulator.stop();
    }
  }, 150_000);

  it('says that another program listens there', async () => {
    const { page } = stage;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'.repeat(4));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await watch(stage, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const notice = page.getByTestId('live-notice');
    await until(() => notice.textContent(), 30_000).toMatch(/cannot be read|No bridge answers/);
    for (const socket of sockets) socket.destroy();
    server.close();
  }, 60_000);

  it('goes back to the bridge of before', async () => {
    await watch(stage, demoEndpoint);
    await stage.page.getByTestId('live-notice').waitFor({ state: 'detached', timeout: 30_000 });
    await stage.waitForTrains();
  }, 60_000);
}

/** The server itself goes and comes back. These come last: a browser complains of a lost server in its console. */
export function serverCases(stage: Stage): void {
  it('says that the server is gone, and goes on when it is back', async () => {
    const { page } = stage;
    await stage.openLive();
    await stage.stopServer();
    const notice = page.getByTestId('live-notice');
    await until(() => notice.textContent(), 20_000).toContain('The server does not answer');
    expect(await page.getByTestId('connection').textContent()).toBe('no server');
    await stage.startServer();
    await notice.waitFor({ state: 'detached', timeout: 60_000 });
    await stage.waitForTrains();
  }, 180_000);
}

// The senders and clients of the benches of the bridge, each a process of its own, so that its CPU time and memory are its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** Debian's Python, which has python3-zmq where that is installed. */
export const PYTHON = '/usr/bin/python3';
const here = import.meta.dirname;

/** Parts of the trains that are sent: image.data and image.gain of 64 pulses of an AGIPD 1M, and what else a train has. */
export const TRAIN = [64 * 16 * 512 * 128 * 4, 128 * 512 * 64 * 2, 2000];
/** Bytes of them. */
export const TRAIN_BYTES = TRAIN.reduce((sum, size) => sum + size, 0);

/** Who receives. */
export type Client = 'zmtp' | 'zeromq' | 'pyzmq';
/** What a client found: `missed` messages between the first and the last, `peak` and `growth` in bytes. */
export interface Received {
  readonly crc: number;
  readonly bytes: number;
  readonly trains: number;
  readonly missed: number;
  readonly elapsed: number;
  readonly cpuMs: number;
  readonly peak: number;
  readonly growth: number;
}

/** A sender that runs. */
export interface Sender {
  readonly endpoint: string;
  readonly pid: number;
  close(): void;
}

/** Starts a sender. @param rate trains per second, 0 = as fast as they are taken */
export function openSender(
  adapter: 'zmtp' | 'zeromq',
  endpoint: string,
  kind: string,
  rate: number,
  sizes: readonly number[],
) {
  const words = [adapter, endpoint, kind, String(rate), ...sizes.map(String)];
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(here, 'train-sender.ts'), ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise<Sender>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sender ended with code ${code}`)));
    child.stdout?.once('data', (line: Buffer) =>
      resolve({ endpoint: String(line).trim(), pid: child.pid as number, close: () => child.kill('SIGKILL') }),
    );
  });
}

/** Runs a client to its end. @param limits messages before it is measured, then at most so many messages and seconds */
export function receive(
  client: Client,
  { endpoint }: Sender,
  kind: string,
  limits: { readonly warmUp: number; readonly count: number; readonly seconds: number },
): Promise<Received> {
  const words = [endpoint, kind, String(limits.warmUp), String(limits.count), String(limits.seconds)];
  const [program, args] =
    client === 'pyzmq'
      ? [PYTHON, [join(here, 'train_receiver.py'), ...words]]
      : [
          process.execPath,
          ['--disable-warning=ExperimentalWarning', join(here, 'train-receiver.ts'), client, ...words],
        ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(said)) : reject(new Error(`${client} ended with code ${code}`)),
    );
  });
}

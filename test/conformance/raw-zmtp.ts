import { connect, createServer, type Server, type Socket } from 'node:net';

/** The 64 bytes that open a ZMTP connection, as any peer may send them. */
export function greeting({ major = 3, minor = 0, mechanism = 'NULL' } = {}): Buffer {
  const bytes = Buffer.alloc(64);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = major;
  bytes[11] = minor;
  bytes.write(mechanism, 12);
  return bytes;
}

/** A command frame. */
export function command(name: string, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const content = Buffer.concat([Buffer.of(name.length), Buffer.from(name), body]);
  return content.length < 256
    ? Buffer.concat([Buffer.of(4, content.length), content])
    : Buffer.concat([longHeader(4, content.length), content]);
}

/** READY with a socket type. */
export function ready(type: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return command(
    'READY',
    Buffer.concat([Buffer.of(11), Buffer.from('Socket-Type'), length, Buffer.from(type), identity]),
  );
}
const identity = Buffer.concat([Buffer.of(8), Buffer.from('Identity'), Buffer.alloc(4)]);

/** Header of a long frame that announces `length` bytes. */
export function longHeader(flags: number, length: number | bigint): Buffer {
  const header = Buffer.alloc(9);
  header[0] = flags | 2;
  header.writeBigUInt64BE(BigInt(length), 1);
  return header;
}

/** A short message frame. */
export const frame = (content: string | Uint8Array, more = false) =>
  Buffer.concat([Buffer.of(more ? 1 : 0, content.length), Buffer.from(content)]);

/** A server of raw bytes: says what the test tells it to each one who connects. */
export class RawServer {
  readonly sockets: Socket[] = [];
  /** All that was received, of all connections. */
  received = Buffer.alloc(0);
  readonly #server: Server;
  #greet: (socket: Socket, count: number) => void;

  private constructor(server: Server, greet: (socket: Socket, count: number) => void) {
    this.#server = server;
    this.#greet = greet;
  }

  /** @param greet called on each connection, with how many there were before */
  static open(greet: (socket: Socket, count: number) => void, port = 0): Promise<RawServer> {
    const server = createServer((socket) => {
      raw.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        raw.received = Buffer.concat([raw.received, chunk]).subarray(-100_000);
      });
      raw.#greet(socket, raw.sockets.length - 1);
    });
    const raw = new RawServer(server, greet);
    return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(raw)));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get endpoint(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A client of raw bytes. */
export class RawClient {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static open(endpoint: string): Promise<RawClient> {
    const port = Number(endpoint.split(':').at(-1));
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => resolve(new RawClient(socket)));
    });
  }
}

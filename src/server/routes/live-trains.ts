import type { FastifyInstance } from 'fastify';
import { trainsNextSchema, trainsQuerySchema } from '../../api/live-contract.ts';
import { encodeTrainFrame } from '../../api/train-frame.ts';
import { toNamePattern } from '../../data/name-pattern.ts';
import type { LiveEngine } from '../../live/engine.ts';

/** Close codes of the WebSocket standard. */
const NOT_UNDERSTOOD = 1003;
const TOO_BIG = 1009;

/**
 * The channel by which a browser is a bridge client: `/api/bridge/trains?source=PATTERN&key=PATTERN` brings trains as binary
 * frames, as they are received. The next one comes after `{"type":"next"}`: who is slow misses trains, and slows nobody.
 */
export function addLiveTrainRoute(app: FastifyInstance, engine: LiveEngine): void {
  app.get('/api/bridge/trains', { websocket: true }, (socket, request) => {
    const query = trainsQuerySchema.safeParse(request.query);
    if (!query.success) return socket.close(NOT_UNDERSTOOD, 'one source and one key, at most 1000 letters');
    const filter = { source: toNamePattern(query.data.source), key: toNamePattern(query.data.key) };
    const watch = engine.watchTrains(filter, (watched) => {
      if ('train' in watched) socket.send(encodeTrainFrame(watched.train), { binary: true });
      else {
        socket.send(JSON.stringify({ type: 'refused', text: watched.refused }));
        socket.close(TOO_BIG, 'too many bytes in a train');
      }
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary && data.length < 1000 && trainsNextSchema.safeParse(parseJson(data.toString())).success)
        watch.ready();
      else socket.close(NOT_UNDERSTOOD, 'expected {"type":"next"}');
    });
    socket.on('close', () => watch.close());
    socket.on('error', () => watch.close());
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { constants, deflate, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';

/** TCP sends so many bytes at once, before it hears of the other end (RFC 6928): to less, compression saves no time. */
export const MIN_BYTES = 10 * 1460;
/** The fastest: numbers as text shrink as much by it as by the default, which takes three times as long. */
const LEVEL = { level: constants.Z_BEST_SPEED };

const PACK = { gzip, deflate };
const ENCODINGS = ['gzip', 'deflate', 'identity'];
/** What is compressed already, or sent piece by piece. */
const LEFT_ALONE = /^(application\/(x-)?gzip|text\/event-stream|image\/)/;

/** Compresses large replies for clients that ask for it, in threads of Node's own. */
export function replyEncoding(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!(typeof payload === 'string' || Buffer.isBuffer(payload)) || payload.length < MIN_BYTES) {
      done(null, payload);
      return;
    }
    reply.header('vary', 'accept-encoding');
    const wanted = new Negotiator(request).encoding(ENCODINGS);
    const type = String(reply.getHeader('content-type') ?? '');
    if ((wanted !== 'gzip' && wanted !== 'deflate') || reply.hasHeader('content-encoding') || LEFT_ALONE.test(type)) {
      done(null, payload);
      return;
    }
    PACK[wanted](payload, LEVEL, (error, packed) => {
      if (error) {
        done(error);
        return;
      }
      reply.header('content-encoding', wanted);
      reply.header('content-length', packed.length);
      done(null, packed);
    });
  });
}

import { constants, deflate, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';
import { MIN_BYTES } from '../bodies/large-body.js';

/** The fastest level. Numbers as text shrink as much as with the default level, which takes three times as long. */
const LEVEL = { level: constants.Z_BEST_SPEED };

const COMPRESSORS = { gzip, deflate };
const ENCODINGS = ['gzip', 'deflate', 'identity'];
/** Types that are compressed already, or streamed. */
const NOT_COMPRESSED = /^(application\/(x-)?gzip|text\/event-stream|image\/)/;

/** Compresses large replies for clients that accept it, in Node's own thread pool. */
export function replyEncoding(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!(typeof payload === 'string' || Buffer.isBuffer(payload)) || payload.length < MIN_BYTES) {
      return done(null, payload);
    }
    const vary = String(reply.getHeader('vary') ?? '');
    if (!vary.includes('accept-encoding')) reply.header('vary', vary ? `${vary}, accept-encoding` : 'accept-encoding');
    const encoding = new Negotiator(request).encoding(ENCODINGS);
    const type = String(reply.getHeader('content-type') ?? '');
    if (
      (encoding !== 'gzip' && encoding !== 'deflate') ||
      reply.hasHeader('content-encoding') ||
      NOT_COMPRESSED.test(type)
    ) {
      return done(null, payload);
    }
    COMPRESSORS[encoding](payload, LEVEL, (error, compressed) => {
      if (error) return done(error);
      reply.header('content-encoding', encoding);
      reply.header('content-length', compressed.length);
      done(null, compressed);
    });
  });
}

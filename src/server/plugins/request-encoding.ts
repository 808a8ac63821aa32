import { type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { DomainError, show } from '../../base/domain-error.js';

/** How a body may be compressed, and what unpacks it. */
const UNPACK = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);
/** What clients are told of it. */
const SUPPORTED = 'gzip, deflate, br';

/** What unpacked bytes Fastify is to count as received: it compares them with `content-length`. */
type Encoded = Transform & { receivedEncodedLength: number };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Most bytes of a body that the route reads as it arrives, if more than `bodyLimit`. */
    streamLimit?: number;
  }
}

/** Unpacks compressed request bodies as they arrive, on every route, to no more bytes than a body may have. */
export function requestEncoding(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase();
    if (encoding === undefined || encoding === 'identity') {
      done(null, payload);
      return;
    }
    const unpack = UNPACK.get(encoding);
    if (!unpack) {
      // As RFC 7694 has it.
      reply.header('accept-encoding', SUPPORTED);
      const message = `content-encoding: expected one of ${SUPPORTED}, or none, got ${show(encoding)}`;
      done(new DomainError('UNSUPPORTED_ENCODING', message));
      return;
    }
    const { bodyLimit, config } = request.routeOptions;
    done(null, unpacked(payload as Readable, unpack(), config.streamLimit ?? bodyLimit, encoding));
  });
}

/** Unpacks until there are more than `limit` bytes; what is not unpacked any more costs nothing but its way here. */
function unpacked(payload: Readable, unpack: Transform, limit: number, encoding: string): Encoded {
  let seen = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      seen += chunk.length;
      if (seen <= limit) next(null, chunk);
      else next(new DomainError('TOO_LARGE', `body: expected at most ${limit} bytes when unpacked`));
    },
  });
  const encoded = Object.assign(body, { receivedEncodedLength: 0 });
  payload.on('data', (chunk: Buffer) => {
    encoded.receivedEncodedLength += chunk.length;
  });
  payload.on('error', (error) => body.destroy(error));
  unpack.on('error', (cause) => {
    body.destroy(new DomainError('INVALID_ENCODING', `body: not whole ${encoding}: ${cause.message}`, { cause }));
  });
  // Whoever reads the body is told of its error; until somebody does, it must not be an uncaught one.
  body.on('error', () => {});
  body.on('close', () => {
    payload.unpipe(unpack);
    unpack.destroy();
    payload.resume();
  });
  payload.pipe(unpack).pipe(body);
  return encoded;
}

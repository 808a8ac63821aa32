import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { DomainError, show } from '../../base/domain-error.js';
import { HttpError } from '../http/http-error.js';
import { byteLimit } from '../http/limited-body.js';

/** Decompressors by content encoding. */
const DECOMPRESSORS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);
/** The same for clients. */
const SUPPORTED = 'gzip, deflate, br';

/** Fastify compares `receivedEncodedLength`, the bytes before decompression, with `content-length`. */
type DecompressedBody = Readable & { receivedEncodedLength: number };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Maximum bytes of a body that the route reads as it arrives, if larger than `bodyLimit`. */
    streamLimit?: number;
  }
}

/** Decompresses request bodies of all routes as they arrive. The limit of the body applies to the decompressed bytes. */
export function requestEncoding(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { headers, method } = request;
    const encoding = headers['content-encoding']?.trim().toLowerCase();
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    // Fastify reads no body of a GET.
    if (encoding === undefined || encoding === 'identity' || !hasBody || method === 'GET' || method === 'HEAD') {
      return done(null, payload);
    }
    const createDecompressor = DECOMPRESSORS.get(encoding);
    if (!createDecompressor) {
      // As RFC 7694 prescribes.
      reply.header('accept-encoding', SUPPORTED);
      const message = `content-encoding: expected one of ${SUPPORTED}, or none, got ${show(encoding)}`;
      return done(new HttpError('UNSUPPORTED_ENCODING', message));
    }
    const { bodyLimit, config } = request.routeOptions;
    done(null, decompress(payload as Readable, createDecompressor(), config.streamLimit ?? bodyLimit, encoding));
  });
}

/** Decompresses up to `limit` bytes. The rest of a body that is too large or invalid is received, but not decompressed. */
function decompress(payload: Readable, decompressor: Transform, limit: number, encoding: string): DecompressedBody {
  const body = Object.assign(byteLimit(limit, 'bytes when unpacked'), { receivedEncodedLength: 0 });
  payload.on('data', (chunk: Buffer) => {
    body.receivedEncodedLength += chunk.length;
  });
  payload.on('error', (error) => body.destroy(error));
  decompressor.on('error', (cause) => {
    body.destroy(new DomainError('INVALID_ENCODING', `body: invalid ${encoding}: ${cause.message}`, { cause }));
  });
  body.on('close', () => {
    payload.unpipe(decompressor);
    decompressor.destroy();
    payload.resume();
  });
  payload.pipe(decompressor).pipe(body);
  return body;
}

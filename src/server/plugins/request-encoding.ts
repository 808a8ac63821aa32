import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { DomainError, show } from '../../base/domain-error.js';
import { byteLimit } from '../bodies/limited-body.js';
import type { RequestCharge } from '../bodies/request-memory.js';
import { HttpError } from '../http/http-error.js';

/** Decompressors by content encoding. */
const DECOMPRESSORS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);
/** The same for clients. */
const SUPPORTED = 'gzip, deflate, br';

/**
 * Maximum ratio of a decompressed body to what arrived, once it is large: gzip reaches 1032 with equal bytes, and 3 to 20 with rows of
 * real numbers. Equal rows are a usual load test.
 */
const MAX_RATIO = 100;
const LARGE = 2 ** 22;
/** Bytes that a Brotli decompressor may hold of what it has unpacked. Those of the other encodings hold 32 KiB. */
const BROTLI_WINDOW = 2 ** 24;

/** `receivedEncodedLength`: bytes before decompression, which `content-length` counts. */
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
    const limit = config.streamLimit ?? bodyLimit;
    done(null, decompress(payload as Readable, createDecompressor(), limit, encoding, request.charge));
  });
}

/** Decompresses up to `limit` bytes. The rest of a body that is too large or invalid is received, but not decompressed. */
function decompress(
  payload: Readable,
  decompressor: Transform,
  limit: number,
  encoding: string,
  charge: RequestCharge | undefined,
): DecompressedBody {
  let window = 0;
  const checkUnpacked = (bytes: number) => {
    if (bytes > LARGE && bytes > MAX_RATIO * body.receivedEncodedLength) {
      throw new DomainError(
        'TOO_LARGE',
        `body: expected to unpack to at most ${MAX_RATIO} times its size; send it uncompressed`,
      );
    }
    if (encoding !== 'br') return;
    const growth = Math.min(bytes, BROTLI_WINDOW) - window;
    charge?.add(growth);
    window += growth;
  };
  const body = Object.assign(byteLimit(limit, 'bytes when unpacked', checkUnpacked), { receivedEncodedLength: 0 });
  payload.on('data', (chunk: Buffer) => {
    body.receivedEncodedLength += chunk.length;
    if (body.receivedEncodedLength > limit)
      body.destroy(new DomainError('TOO_LARGE', `body: expected at most ${limit} bytes`));
  });
  payload.on('error', (error) => body.destroy(error));
  decompressor.on('error', (cause) => {
    body.destroy(new DomainError('INVALID_ENCODING', `body: invalid ${encoding}: ${cause.message}`, { cause }));
  });
  body.on('close', () => {
    payload.unpipe(decompressor);
    decompressor.destroy();
    charge?.subtract(window);
    payload.resume();
  });
  payload.pipe(decompressor).pipe(body);
  return body;
}

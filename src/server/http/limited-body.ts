import { type Readable, Transform } from 'node:stream';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';

/** Returns a stream that passes on up to `limit` bytes, and fails with `TOO_LARGE` at more. */
export function byteLimit(limit: number, unit = 'bytes'): Transform {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else done(new DomainError('TOO_LARGE', `body: expected at most ${limit} ${unit}`));
    },
  });
  // Whoever reads the stream gets its error; as long as nobody does, the error must not end the process.
  stream.on('error', () => {});
  return stream;
}

/**
 * Limits a body that a route reads as it arrives; Fastify limits only bodies that it collects itself. If the body breaks
 * off, the returned stream fails with the code `broken`.
 */
export function limited(payload: NodeJS.ReadableStream, limit: number, broken: ErrorCode): Readable {
  const body = byteLimit(limit);
  // The rest of a body that is no longer read is discarded: some clients send all of it before they read the reply.
  body.on('close', () => payload.resume());
  payload.on('error', (cause) => {
    // Errors of a compressed body pass unchanged.
    body.destroy(cause instanceof DomainError ? cause : new DomainError(broken, 'the body broke off', { cause }));
  });
  return payload.pipe(body);
}

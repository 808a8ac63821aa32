import { type Readable, Transform } from 'node:stream';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';

/**
 * Passes bytes on until they are more than `limit`; Fastify bounds only the bodies that it collects itself. `broken` is
 * the code of the error if the body breaks off.
 */
export function limited(payload: NodeJS.ReadableStream, limit: number, broken: ErrorCode): Readable {
  let seen = 0;
  const guard = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen <= limit) done(null, chunk);
      else done(new DomainError('TOO_LARGE', `body: expected at most ${limit} bytes`));
    },
  });
  // Whoever reads the guard is told of its error; until somebody does, it must not be an uncaught one.
  guard.on('error', () => {});
  // What nobody reads any more is let through: a client that must send all before it reads is told its error.
  guard.on('close', () => payload.resume());
  payload.on('error', (cause) => {
    // What was wrong with a compressed body is told as it is.
    guard.destroy(cause instanceof DomainError ? cause : new DomainError(broken, 'the body broke off', { cause }));
  });
  return payload.pipe(guard);
}

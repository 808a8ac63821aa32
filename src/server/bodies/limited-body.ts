import { type Readable, Transform } from 'node:stream';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';

/** Milliseconds within which more of a body must arrive that a route reads as it arrives. */
const IDLE_TIMEOUT = 60_000;

/**
 * Returns a stream that passes on up to `limit` bytes, and fails with `TOO_LARGE` at more. It also fails with what `check` throws,
 * which gets the bytes so far.
 */
export function byteLimit(limit: number, unit = 'bytes', check: (bytes: number) => void = () => {}): Transform {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      try {
        if (bytes > limit) throw new DomainError('TOO_LARGE', `body: expected at most ${limit} ${unit}`);
        check(bytes);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  // Whoever reads the stream gets its error; as long as nobody does, the error must not end the process.
  stream.on('error', () => {});
  return stream;
}

/**
 * Limits a body that a route reads as it arrives; Fastify limits only bodies that it collects itself. If the body breaks
 * off, or nothing arrives for a while, the returned stream fails with the code `broken`. It also fails with what `count` throws, which
 * gets the bytes of each piece.
 */
export function limited(
  payload: NodeJS.ReadableStream,
  limit: number,
  broken: ErrorCode,
  count: (bytes: number) => void = () => {},
): Readable {
  let counted = 0;
  const body = byteLimit(limit, 'bytes', (bytes) => {
    count(bytes - counted);
    counted = bytes;
  });
  const timer = setTimeout(() => {
    // Paused, it waits for its reader and not for the client.
    if (payload.isPaused()) timer.refresh();
    else body.destroy(new DomainError(broken, `body: nothing arrived for ${IDLE_TIMEOUT / 1000} seconds`));
  }, IDLE_TIMEOUT);
  payload.on('data', () => timer.refresh());
  payload.once('end', () => clearTimeout(timer));
  // The rest of a body that is no longer read is discarded: some clients send all of it before they read the reply.
  body.on('close', () => {
    clearTimeout(timer);
    payload.resume();
  });
  payload.on('error', (cause) => {
    // Errors of a compressed body pass unchanged.
    body.destroy(cause instanceof DomainError ? cause : new DomainError(broken, 'the body broke off', { cause }));
  });
  return payload.pipe(body);
}

import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../base/domain-error.js';
import { BodyPieces } from './body-pieces.js';
import type { RequestCharge } from './request-memory.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request holds; undefined for one without a body. */
    charge: RequestCharge | undefined;
  }
}

/** A body as it arrives. `receivedEncodedLength`: bytes before decompression, if it is compressed. */
export type Payload = NodeJS.ReadableStream & { readonly receivedEncodedLength?: number };

/**
 * Collects a body, and counts it as held by the request. One of known length is counted from the start and written to the memory
 * that stays; Fastify would hold its pieces beside it.
 *
 * Rejects with `TOO_LARGE` above `limit` bytes, with `OVERLOADED` if all requests hold too much, with `REQUEST_TIMEOUT` if the body
 * arrives slowly while others need its memory, and with what breaks off the body.
 */
export function collectBody({ headers, charge }: FastifyRequest, payload: Payload, limit: number): Promise<Buffer> {
  const declared = Number(headers['content-length']);
  const isEncoded = payload.receivedEncodedLength !== undefined;
  return new Promise((resolve, reject) => {
    if (declared > limit) throw tooLarge(limit);
    const known = isEncoded || Number.isNaN(declared) ? undefined : declared;
    if (known !== undefined) charge?.add(known);
    const pieces = new BodyPieces();
    let whole: Buffer | undefined;
    let received = 0;

    const take = (piece: Buffer) => {
      received += piece.length;
      pace?.received(piece.length);
      if (received > (known ?? limit)) throw tooLarge(known ?? limit);
      if (known === undefined) {
        charge?.add(piece.length);
        pieces.add(piece);
      } else {
        whole ??= Buffer.allocUnsafe(known);
        piece.copy(whole, received - piece.length);
      }
    };
    const onData = (piece: Buffer) => {
      try {
        take(piece);
      } catch (error) {
        stop();
        reject(error);
      }
    };
    const onEnd = () => {
      stop();
      const arrived = payload.receivedEncodedLength ?? received;
      if (arrived === declared || Number.isNaN(declared)) resolve(whole ?? pieces.concat());
      else
        reject(new DomainError('INVALID_REQUEST', `body: expected ${declared} bytes (content-length), got ${arrived}`));
    };
    const onError = (error: Error) => {
      stop();
      // As Fastify does: the client has broken off.
      reject(Object.assign(error, { statusCode: 400 }));
    };
    const stop = () => {
      pace?.end();
      payload.off('data', onData).off('end', onEnd).off('error', onError);
    };
    const pace = charge?.watchArrival((error) => {
      stop();
      reject(error);
    });
    payload.on('data', onData).on('end', onEnd).on('error', onError).resume();
  });
}

function tooLarge(limit: number): DomainError {
  return new DomainError('TOO_LARGE', `body: expected at most ${limit} bytes`);
}

import type { FastifyInstance } from 'fastify';
import { storageError } from '../../base/files/storage-error.js';
import { hasCode } from '../http/http-error.js';
import { type Overload, TooLateError } from '../overload/overload.js';

/** Refuses requests whose turn came too late, and counts all that are refused as `OVERLOADED`. */
export function refuseOverload(app: FastifyInstance, overload: Overload): void {
  app.addHook('onRequest', (request, _reply, done) => {
    overload.requireInTime(request.raw);
    done();
  });
  app.addHook('onError', (_request, _reply, thrown, done) => {
    const error = storageError(thrown) ?? thrown;
    if (hasCode(error) && error.code === 'OVERLOADED') overload.count(error instanceof TooLateError ? 'late' : 'limit');
    done();
  });
}

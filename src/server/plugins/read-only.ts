import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../base/domain-error.js';

/** From here on, routes that change state do not exist: those that are no GET, unless they say that they predict or read. */
export function readOnly(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const reads = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
    const { predicts = false, reads: told = false } = route.config ?? {};
    if (reads || predicts || told) return;
    route.schema = { ...route.schema, hide: true };
    // Before a byte of the body is read.
    route.onRequest = ({ method, url }) => {
      throw new DomainError('NOT_FOUND', `there is no ${method} ${url.replace(/\?.*/, '').slice(0, 200)}`);
    };
  });
}

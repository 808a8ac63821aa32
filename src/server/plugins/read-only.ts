import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../base/domain-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route changes no state although its method is not GET. */
    readonly readOnlySafe?: boolean;
  }
}

/** Hides the routes registered from here on that change state: all but GET and HEAD, unless marked `readOnlySafe`. */
export function readOnly(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const reads = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
    if (reads || route.config?.readOnlySafe) return;
    route.schema = { ...route.schema, hide: true };
    // Before a byte of the body is read.
    route.onRequest = ({ method, url }) => {
      throw new DomainError('NOT_FOUND', `there is no ${method} ${url.replace(/\?.*/, '').slice(0, 200)}`);
    };
  });
}

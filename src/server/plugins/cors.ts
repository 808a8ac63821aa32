import type { FastifyInstance } from 'fastify';
import type { CorsOrigins } from '../access/perimeter/cors.js';

/** Lets pages of allowed origins read the replies of predictions, and answers the questions that browsers ask beforehand. */
export function cors(app: FastifyInstance, origins: CorsOrigins): void {
  if (!origins.areSet) return;
  app.addHook('onRoute', ({ method, url, config }) => {
    if (method !== 'POST' || config?.scope !== 'predict') return;
    // It says nothing that the settings do not say, and browsers send it without a credential.
    const preflight = { config: { scope: 'open', quiet: true, readOnlySafe: true }, schema: { hide: true } } as const;
    app.options(url, preflight, (request, reply) => reply.code(204).headers(origins.preflightHeaders(request)).send());
  });
  app.addHook('onRequest', ({ method, headers, routeOptions }, reply, done) => {
    if (routeOptions.config.scope === 'predict' || method === 'OPTIONS') {
      reply.header('vary', 'origin');
      if (origins.allows(headers.origin)) reply.headers(origins.headers(headers.origin));
    }
    done();
  });
}

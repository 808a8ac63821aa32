import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether good replies are logged only at level `debug`: the route is called many times a second. */
    readonly quiet?: boolean;
  }
}

/** What a busy service answers many times a second; logged only if something was wrong or at level `debug`. */
const FREQUENT = new Set(['/metrics', '/monitoring/prometheus/metrics', '/livez', '/readyz']);

/**
 * Logs each request in one line once it has been answered, frequent ones only with `debug`. Every reply carries the id of its
 * request in `x-request-id`.
 */
export function requestLog(app: FastifyInstance, debug: boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const { url: route, config } = request.routeOptions;
    const frequent = config.quiet || (route !== undefined && FREQUENT.has(route));
    const level = statusCode >= 400 ? 'warn' : frequent ? 'debug' : 'info';
    if (level !== 'debug' || debug) {
      request.log[level](
        {
          reqId: request.id,
          method: request.method,
          url: request.url,
          route,
          status: statusCode,
          ms: reply.elapsedTime,
        },
        'request answered',
      );
    }
    done();
  });
}

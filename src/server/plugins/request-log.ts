import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Log successful replies only at level `debug`: the route is called many times a second. */
    readonly quiet?: boolean;
  }
}

/**
 * Logs each request in one line once it has been answered, those of quiet routes only with `debug`. Every reply carries the id of its
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
    const level = statusCode >= 400 ? 'warn' : config.quiet ? 'debug' : 'info';
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

import type { FastifyInstance } from 'fastify';
import { Repetitions } from './repetitions.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Log successful replies only at level `debug`: the route is called many times a second. */
    readonly quiet?: boolean;
    /** Omit the query of the URL: it holds secrets. */
    readonly hidesQuery?: boolean;
  }
}

/** Maximum characters of a URL in a line. */
const MAX_URL = 200;

/**
 * Logs each request in one line once it has been answered. Unless `debug`, those of quiet routes are logged only if something
 * was wrong, and of equal errors (same method, route and status) the first ones of each second. Every reply carries the id of
 * its request in `x-request-id`.
 */
export function requestLog(app: FastifyInstance, debug: boolean): void {
  const repetitions = new Repetitions();
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const { url: route, config } = request.routeOptions;
    const level = statusCode >= 400 ? 'warn' : config.quiet ? 'debug' : 'info';
    const omitted =
      level === 'warn' && !debug
        ? repetitions.omittedBefore(`${request.method} ${route} ${statusCode}`, performance.now())
        : 0;
    if (omitted !== undefined && (level !== 'debug' || debug)) {
      const url = config.hidesQuery ? request.url.replace(/\?.*/s, '') : request.url;
      request.log[level](
        {
          reqId: request.id,
          method: request.method,
          url: url.length > MAX_URL ? `${url.slice(0, MAX_URL)}…` : url,
          route,
          status: statusCode,
          ms: reply.elapsedTime,
          ...(omitted > 0 ? { omitted } : {}),
        },
        'request answered',
      );
    }
    done();
  });
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { loggedUrl } from './logged-url.js';
import { Repetitions } from './repetitions.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Log successful replies only at level `debug`: the route is called many times a second. */
    readonly quiet?: boolean;
    /** Omit the query of the URL: it holds secrets. */
    readonly hidesQuery?: boolean;
  }
}

/**
 * Logs each request in one line once it has been answered. Unless `debug`, those of quiet routes are logged only if something
 * was wrong, and of equal errors (same method, route and status) the first ones of each second.
 */
export function requestLog(app: FastifyInstance, debug: boolean): void {
  const repetitions = new Repetitions();
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
          url: loggedUrl(url, parametersOf(request)),
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

/** Sends the id of each request in `x-request-id`: feedback names a prediction by it. */
export function sendRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
}

/** The parameters that a route declares of its query. */
function parametersOf({ routeOptions }: FastifyRequest): ReadonlySet<string> {
  const { querystring } = (routeOptions.schema ?? {}) as { querystring?: { properties?: object } };
  return new Set(Object.keys(querystring?.properties ?? {}));
}

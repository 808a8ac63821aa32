import type { FastifyInstance } from 'fastify';
import { ErrorReply } from '../http/errors.js';

/** Statuses of requests that access control refuses. */
const REFUSED = [401, 403, 421, 429];
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Adds to the schemas of all routes the statuses of requests that are refused before the route's handler: an invalid URL, a
 * credential that is missing or does not suffice, another host's name, a limit, a body that is invalid, too slow, too large or of
 * an unsupported type, and a server that is overloaded.
 */
export function errorStatuses(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema, method } = route;
    const response = schema?.response as Record<string, unknown> | undefined;
    if (!response) return;
    const hasBody = [method].flat().some((name) => !WITHOUT_BODY.has(name));
    const invalid = hasBody ? [400, ...REFUSED, 408, 413, 415] : [400, ...REFUSED];
    const added = Object.fromEntries([...invalid, 503].map((status) => [status, ErrorReply]));
    route.schema = { ...schema, response: { ...added, ...response } };
  });
}

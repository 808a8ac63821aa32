import type { FastifyContextConfig, FastifySchema } from 'fastify';
import type { Principal } from '../access/principal.js';
import type { RouteScope } from '../access/scopes.js';
import { ErrorReply } from './errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route requires. The plugin `access` refuses a route without. */
    readonly scope?: RouteScope;
  }
  interface FastifyRequest {
    /** Who sent it; `NOBODY` where no credential is required and there is none. */
    principal: Principal;
  }
}

interface Operation extends FastifySchema {
  readonly config: FastifyContextConfig & Required<Pick<FastifyContextConfig, 'scope'>>;
}

/** Options of a route that OpenAPI documents as an operation under `tag`. */
export function operation(tag: string, summary: string, { config, ...schema }: Operation) {
  return { config, schema: { summary, tags: [tag], ...schema } };
}

/** Schemas of the error replies that a route can send, by status. */
export function errors(...statuses: readonly number[]): Record<string, typeof ErrorReply> {
  return Object.fromEntries(statuses.map((status) => [status, ErrorReply]));
}

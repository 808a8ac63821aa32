import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { ErrorReply } from './errors.js';

/** Options of a route that OpenAPI documents as an operation under `tag`. */
export function operation(tag: string, summary: string, schema: FastifySchema, config: FastifyContextConfig = {}) {
  return { config, schema: { summary, tags: [tag], ...schema } };
}

/** Schemas of the error replies that a route can send, by status. */
export function errors(...statuses: readonly (number | '4xx')[]): Record<string, typeof ErrorReply> {
  return Object.fromEntries(statuses.map((status) => [status, ErrorReply]));
}

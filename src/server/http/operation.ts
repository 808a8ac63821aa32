import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { ErrorReply } from './errors.js';

interface Operation extends FastifySchema {
  readonly config?: FastifyContextConfig;
}

/** Options of a route that OpenAPI documents as an operation under `tag`. */
export function operation(tag: string, summary: string, { config = {}, ...schema }: Operation) {
  return { config, schema: { summary, tags: [tag], ...schema } };
}

/** Schemas of the error replies that a route can send, by status. */
export function errors(...statuses: readonly (number | '4xx')[]): Record<string, typeof ErrorReply> {
  return Object.fromEntries(statuses.map((status) => [status, ErrorReply]));
}

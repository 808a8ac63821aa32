import type { FastifyContextConfig, FastifySchema, RouteShorthandOptions } from 'fastify';

/** Returns the options of a route with its description in `/openapi.json`; `response` holds the schemas by status. */
export function described(
  tag: string,
  summary: string,
  response: object,
  { quiet, readOnlySafe, ...schema }: FastifySchema & Pick<FastifyContextConfig, 'quiet' | 'readOnlySafe'> = {},
): RouteShorthandOptions {
  const config = { ...(quiet && { quiet }), ...(readOnlySafe && { readOnlySafe }) };
  return { schema: { summary, tags: [tag], response, ...schema }, config };
}

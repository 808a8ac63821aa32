import type { FastifyRequest } from 'fastify';

/** Prefixes that a proxy may report. A path that begins with two slashes would name another host. */
const PREFIX = /^(?:\/[\w.~-]+)+\/?$/;

/**
 * Returns a path of this service as its client must write it: below the prefix of the plugin, and below one that a proxy strips, if the
 * proxy reports it as `X-Forwarded-Prefix`.
 */
export function publicPath({ headers, server }: Pick<FastifyRequest, 'headers' | 'server'>, path: string): string {
  const prefix = headers['x-forwarded-prefix'];
  const outer = typeof prefix === 'string' && PREFIX.test(prefix) ? prefix.replace(/\/$/, '') : '';
  return outer + server.prefix + path;
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectBody, type Payload } from './collect-body.js';

/** The types of almost all bodies: Fastify finds the parser of a type registered by name faster than the one for `*`. */
const FREQUENT = ['application/json', 'application/octet-stream', 'application/x-www-form-urlencoded', 'text/csv'];

/** Passes bodies to the routes of `app` as bytes, whatever their content type, and without one. */
export function takeBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  for (const type of [...FREQUENT, '*']) app.addContentTypeParser(type, readBytes);
}

/** Parser for Fastify: returns the body's bytes, up to the limit of the route. */
export function readBytes(request: FastifyRequest, payload: Payload): Promise<Buffer> {
  return collectBody(request, payload, request.routeOptions.bodyLimit);
}

import type { FastifyInstance } from 'fastify';
import { LARGE_BODY } from '../../src/server/bodies/large-body.js';

/** Sends a JSON body. */
export function postJson(app: FastifyInstance, url: string, payload: object) {
  return app.inject({ method: 'POST', url, payload });
}

/** Sends feedback in a body that is read at once. */
export function feedback(app: FastifyInstance, payload: object) {
  return postJson(app, '/feedback', payload);
}

/** Sends the same in a body that is read in a thread: white space makes it large. */
export function largeFeedback(app: FastifyInstance, payload: object) {
  return app.inject({
    method: 'POST',
    url: '/feedback',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload) + ' '.repeat(LARGE_BODY),
  });
}

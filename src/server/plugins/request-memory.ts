import type { FastifyInstance } from 'fastify';
import type { RequestMemory } from '../bodies/request-memory.js';

/** Counts what requests with bodies hold, from the first byte of the body to the last of the reply. */
export function requestMemory(app: FastifyInstance, memory: RequestMemory): void {
  app.decorateRequest('charge', undefined);
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      request.charge = memory.open(reply.raw);
    }
    done(null, payload);
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    request.charge?.onAnswered();
    done(null, payload);
  });
}

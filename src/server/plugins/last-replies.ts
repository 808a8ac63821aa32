import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on every connection ends with its next reply, which says so. Connections are still accepted. */
    endConnectionsAfterReply(): void;
  }
}

/** Adds `endConnectionsAfterReply`, which calls `leaveToFastify`: all requests must come here. */
export function lastReplies(app: FastifyInstance, leaveToFastify: () => void): void {
  let areLast = false;
  app.decorate('endConnectionsAfterReply', () => {
    areLast = true;
    leaveToFastify();
  });
  app.addHook('onRequest', (_request, reply, done) => {
    if (areLast) reply.header('connection', 'close');
    done();
  });
}

import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Codes of the errors of a machine without IPv6, or without its loopback address. */
const NO_IPV6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Accepts connections at ::1 for a server that listens at 127.0.0.1: `localhost` is either, and a browser may try ::1 first. Node.js
 * binds a server to one address, so a second socket accepts the connections and hands them to the server, which counts, limits
 * and closes them as its own.
 */
export class IPv6Loopback {
  private readonly app: FastifyInstance;
  private readonly listener: NetServer;

  /** Must be called before the application listens. */
  constructor(app: FastifyInstance) {
    this.app = app;
    // As the HTTP server itself sets them.
    this.listener = createServer({ allowHalfOpen: true, noDelay: true });
    shareConnections(app.server, this.listener);
    let closed: Promise<unknown> | undefined;
    app.addHook('preClose', async () => {
      if (!this.listener.listening) return;
      closed = once(this.listener, 'close');
      this.listener.close();
    });
    app.addHook('onClose', async () => {
      app.server.closeIdleConnections();
      await closed;
    });
  }

  /**
   * Listens at the port of the server, unless the machine has no IPv6. Rejects with Node's error, for example `EADDRINUSE`. With
   * `isOptional`, for a port that nobody has chosen, the server stays at 127.0.0.1 alone then.
   */
  async listen(isOptional: boolean, announce = (address: string) => `Server listening at ${address}`): Promise<void> {
    const { port } = this.app.server.address() as AddressInfo;
    this.listener.listen({ host: '::1', port });
    try {
      await once(this.listener, 'listening');
    } catch (error) {
      if (isOptional || NO_IPV6.has((error as NodeJS.ErrnoException).code)) return;
      throw error;
    }
    this.app.log.info(announce(`http://[::1]:${port}`));
  }
}

/** Passes connections on to `server`, whose maximum then applies to both together. */
function shareConnections(server: Server, listener: NetServer): void {
  const limit = server.maxConnections;
  let all = 0;
  let passedOn = 0;
  // To Node.js 20, a maximum of 0 is none.
  const share = () => {
    server.maxConnections = Math.max(1, limit - passedOn);
    listener.maxConnections = Math.max(1, limit - (all - passedOn));
  };
  server.on('connection', (socket) => {
    all++;
    share();
    socket.once('close', () => {
      all--;
      share();
    });
  });
  listener.on('connection', (socket) => {
    passedOn++;
    socket.once('close', () => passedOn--);
    server.emit('connection', socket);
  });
  listener.on('drop', (data) => server.emit('drop', data));
}

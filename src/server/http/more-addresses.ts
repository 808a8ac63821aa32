import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Codes of the errors of a machine without IPv6, or without its loopback address. */
const NO_IPV6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Lets an application listen at more than one address. Node.js binds a server to one, so other sockets accept connections and hand
 * them to the server, which counts, limits and closes them as its own.
 */
export class MoreAddresses {
  private readonly app: FastifyInstance;
  private readonly announce: (address: string) => string;
  private readonly connections: SharedConnections;
  private readonly listeners: NetServer[] = [];

  /** Must be called before the application listens. `announce` makes the log line of an address. */
  constructor(app: FastifyInstance, announce = (address: string) => `Server listening at ${address}`) {
    this.app = app;
    this.announce = announce;
    this.connections = new SharedConnections(app.server);
    let closed: Promise<unknown> | undefined;
    app.addHook('preClose', async () => {
      const open = this.listeners.filter(({ listening }) => listening);
      closed = Promise.all(open.map((listener) => once(listener, 'close')));
      for (const listener of open) listener.close();
    });
    app.addHook('onClose', async () => {
      app.server.closeIdleConnections();
      await closed;
    });
  }

  /** Listens at another address, by IPv6 also at one of IPv4. Rejects with Node's error, for example `EADDRINUSE`. */
  async listen(host: string, port: number): Promise<void> {
    // As the HTTP server itself sets them.
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    listener.listen({ host, port });
    await once(listener, 'listening');
    this.listeners.push(listener);
    this.connections.share(listener);
    const { port: bound } = listener.address() as AddressInfo;
    this.app.log.info(this.announce(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`));
  }

  /**
   * Listens at `port` of ::1, for a server that listens at 127.0.0.1: `localhost` is either, and a browser may try ::1 first. Does
   * nothing on a machine without IPv6. With `isOptional`, for a port that nobody has chosen, it does not matter if it is in use.
   */
  async listenIPv6Loopback(port: number, isOptional: boolean): Promise<void> {
    try {
      await this.listen('::1', port);
    } catch (error) {
      if (!isOptional && !NO_IPV6.has((error as NodeJS.ErrnoException).code)) throw error;
    }
  }
}

/** The connections of a server that several sockets accept. The maximum of the server applies to all of them together. */
class SharedConnections {
  private readonly server: Server;
  private readonly limit: number;
  private all = 0;
  /** Connections that each of the other sockets has accepted. */
  private readonly passedOn = new Map<NetServer, number>();

  constructor(server: Server) {
    this.server = server;
    this.limit = server.maxConnections;
    server.on('connection', (socket) => {
      this.all++;
      this.divide();
      socket.once('close', () => {
        this.all--;
        this.divide();
      });
    });
  }

  /** Passes the connections of another socket on to the server. */
  share(listener: NetServer): void {
    this.passedOn.set(listener, 0);
    this.divide();
    listener.on('connection', (socket) => {
      this.add(listener, 1);
      socket.once('close', () => this.add(listener, -1));
      this.server.emit('connection', socket);
    });
    listener.on('drop', (data) => this.server.emit('drop', data));
  }

  private add(listener: NetServer, count: number): void {
    this.passedOn.set(listener, this.passedOn.get(listener)! + count);
  }

  /** Each socket may accept what the others leave. */
  private divide(): void {
    let others = 0;
    for (const [listener, own] of this.passedOn) {
      others += own;
      // To Node.js 20, a maximum of 0 is none.
      listener.maxConnections = Math.max(1, this.limit - (this.all - own));
    }
    this.server.maxConnections = Math.max(1, this.limit - others);
  }
}

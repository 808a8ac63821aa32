import type { Socket } from 'node:net';
import { addressGroup, type ClientAddresses, peerAddress } from '../access/client-address.js';
import { AtOnce } from './at-once.js';
import { LimitError } from './limit-error.js';
import type { Limits } from './limits.js';

/** Share of all connections that one address may have if no limit is set: it must not keep all others out. */
const SHARE = 3 / 4;
/** Connections above the limit of their address that stay open for a refusal; further ones are closed at once. */
const REFUSED_AT_ONCE = 16;
/** Milliseconds that such a connection has to send a request. */
const PATIENCE = 2000;
/** Seconds after which a client may try again. */
const RETRY_AFTER = 5;

export interface AddressConnectionsOptions {
  /** Maximum connections of one address; 0 for a share of `total`. */
  readonly limit: number;
  /** Maximum connections of all. */
  readonly total: number;
  readonly addresses: Pick<ClientAddresses, 'isTrusted'>;
  readonly limits: Pick<Limits, 'count'>;
  /** Whether connections are encrypted: a refusal would take a handshake first, so one too many is closed at once. */
  readonly isEncrypted?: boolean;
}

/**
 * Bounds the connections of each address, except those of trusted proxies, which carry the requests of many. The first request
 * over a connection too many is refused with a 429, and the connection ends.
 */
export class AddressConnections {
  private readonly options: AddressConnectionsOptions;
  private readonly max: number;
  private readonly open = new AtOnce();
  private readonly refused = new WeakSet<Socket>();
  /** Refused connections that are still open. */
  private refusing = 0;

  constructor(options: AddressConnectionsOptions) {
    this.options = options;
    this.max = options.limit > 0 ? options.limit : Math.max(1, Math.floor(options.total * SHARE));
  }

  /** Listens to the server's event `connection`. */
  readonly onConnection = (socket: Socket): void => {
    const address = peerAddress(socket);
    if (address === '' || this.options.addresses.isTrusted(address)) return;
    const group = addressGroup(address);
    if (this.open.of(group) < this.max) {
      socket.once('close', this.open.hold(group));
      return;
    }
    if (this.options.isEncrypted || this.refusing >= REFUSED_AT_ONCE) {
      this.options.limits.count({ label: 'address', limit: 'connections' });
      socket.destroy();
      return;
    }
    this.refusing++;
    this.refused.add(socket);
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.once('close', () => {
      this.refusing--;
      clearTimeout(timer);
    });
  };

  /** Returns the error for a request over a connection too many. */
  refusal(socket: Socket): LimitError | undefined {
    if (this.refusing === 0 || !this.refused.has(socket)) return undefined;
    const { max: quota } = this;
    const state = {
      limit: 'connections',
      quota,
      unit: 'concurrent-requests',
      remaining: 0,
      seconds: RETRY_AFTER,
    } as const;
    return new LimitError(
      state,
      'address',
      `${quota} connections of this address are open already (LIMIT_CONNECTIONS)`,
    );
  }
}

import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** Returns whether a request came over TLS that this process ends. */
export function isSecure({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

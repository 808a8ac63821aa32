import type { IncomingMessage } from 'node:http';

/** Returns the address from which a request comes; that of its network, of 64 bits, for IPv6: a client has as many as it likes. */
export function clientAddress({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain.includes(':') ? network(plain) : plain;
}

/** The first four groups of an IPv6 address, as Node.js writes it: `2001:db8:0:1::/64`. */
function network(address: string): string {
  const [before = '', after] = address.replace(/%.*/, '').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after ? after.split(':') : [];
  const zeros = after === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

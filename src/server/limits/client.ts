import type { IncomingMessage } from 'node:http';
import { addressGroup, type ClientAddresses } from '../access/client-address.js';
import type { Principal } from '../access/principal.js';
import type { Client } from './limits.js';

/** Returns whom limits count: a principal, wherever it sends its requests from, and of all others each address. */
export function clientOf(
  addresses: Pick<ClientAddresses, 'of'>,
  request: IncomingMessage,
  { id, kind, name }: Principal,
): Client {
  if (kind === 'anyone') return { id: `address:${addressGroup(addresses.of(request))}`, label: kind };
  return { id, label: kind === 'key' ? (name ?? id) : kind };
}

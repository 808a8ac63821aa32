import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { show } from '../../base/domain-error.js';

/** IPv4 in IPv6, as a socket that listens at both families reports it. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** An address of `X-Forwarded-For`, which some proxies write with a port. */
const WITH_PORT = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/;

/** Finds where a request comes from, behind the proxies that are trusted. */
export class ClientAddresses {
  private readonly trusted: BlockList | undefined;

  /** `trusted`: addresses and subnets, separated by commas. Throws an Error that names an invalid one. */
  constructor(trusted: string) {
    const entries = trusted.split(',').map((entry) => entry.trim());
    this.trusted = trusted.trim() === '' ? undefined : blockListOf(entries);
  }

  /** Whether an address belongs to a proxy that is trusted. */
  isTrusted(address: string): boolean {
    const family = isIP(address);
    return family > 0 && this.trusted !== undefined && this.trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * Returns the address of the client: that of the connection, or if that is a trusted proxy, the last address of `X-Forwarded-For`
   * that is not one. What a client itself writes into that header comes before it, and never counts.
   */
  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = peerAddress(socket);
    const forwarded = headers['x-forwarded-for'];
    if (!this.trusted || forwarded === undefined || !this.isTrusted(address)) return address;
    for (const entry of String(forwarded).split(',').reverse()) {
      const hop = parseHop(entry.trim());
      if (hop === undefined) break;
      address = hop;
      if (!this.isTrusted(hop)) break;
    }
    return address;
  }

  /** Whether a request came over TLS, to this process or, as it reports, to a trusted proxy. */
  isSecure({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
    if ((socket as Partial<TLSSocket>).encrypted === true) return true;
    return headers['x-forwarded-proto'] === 'https' && this.isTrusted(peerAddress(socket));
  }
}

/** The address at the other end of a connection; empty if it has been closed. */
export function peerAddress({ remoteAddress = '' }: { readonly remoteAddress?: string | undefined }): string {
  return remoteAddress.startsWith('::ffff:') ? unmapped(remoteAddress) : remoteAddress;
}

/**
 * Returns what counts as one address: an IPv4 address, or the network of an IPv6 address (`/64`), of which a single customer has all
 * 2^64.
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function unmapped(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

function parseHop(text: string): string | undefined {
  const [, bracketed, plain] = isIP(text) > 0 ? [text, undefined, text] : (WITH_PORT.exec(text) ?? []);
  const address = bracketed ?? plain ?? '';
  return isIP(address) > 0 ? unmapped(address) : undefined;
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/');
    const family = isIP(address);
    const width = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || rest.length > 0 || prefix < 0 || prefix > width) {
      throw new Error(`TRUST_PROXY must list addresses and subnets, such as 10.0.0.0/8, got ${show(entry)}`);
    }
    list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

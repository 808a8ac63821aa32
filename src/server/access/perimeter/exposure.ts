import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Returns whether only this machine reaches a service that listens on `host`. Empty and `localhost` are both families. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return isBothFamilies(host) || (version > 0 && LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4'));
}

/** Returns whether `host` means 127.0.0.1 and, where there is IPv6, ::1. */
export function isBothFamilies(host: string): boolean {
  return host === '' || host === 'localhost';
}

/** The addresses at which a service with this `HOST` listens; of a name, the name. */
export function addressesOf(host: string): string[] {
  return isBothFamilies(host) ? ['127.0.0.1', '::1'] : [host];
}

/**
 * Throws an Error with the choices, in one line, if a network may reach `host` and nobody has decided who may use the service.
 * `isDecided`: credentials are required, or `AUTH=off`.
 */
export function requireDecision(host: string, isDecided: boolean): void {
  if (isDecided || isLoopback(host)) return;
  throw new Error(
    `HOST=${host} lets a network reach the service, so it needs to know who may use it: set AUTH=keys, AUTH=oidc or AUTH=mtls, ` +
      'or AUTH=off to let everyone train, activate and delete; without HOST only this machine reaches it (docs/security.md)',
  );
}

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Authenticator, type Identity, Rejection, type SecurityScheme } from '../authenticator.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Principal } from '../principal.js';
import { certificateNames } from './certificate-names.js';

/** Recognises certificates of clients (mutual TLS), by a record of the key file that names them. */
export class CertificateAuthenticator implements Authenticator {
  readonly accepts = 'a client certificate';
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>> = { certificate: { type: 'mutualTLS' } };
  private readonly ring: KeyRing;
  /** Valid certificates by connection. */
  private known = new WeakMap<Socket, Principal>();

  constructor(ring: KeyRing) {
    this.ring = ring;
    ring.onChange(() => {
      this.known = new WeakMap();
    });
  }

  now({ socket, headers }: IncomingMessage): Principal | undefined {
    // A credential in a header comes first, valid or not.
    if (headers.authorization !== undefined || headers['x-api-key'] !== undefined) return undefined;
    const known = this.known.get(socket);
    return known?.expires !== undefined && known.expires <= Date.now() ? undefined : known;
  }

  identify({ socket }: IncomingMessage): Identity {
    if (!(socket instanceof TLSSocket)) return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) return undefined;
    if (!socket.authorized) {
      const reason = String(socket.authorizationError).replaceAll(/[^\w ]/g, '');
      return new Rejection(
        reason === 'CERT_HAS_EXPIRED' ? 'expired' : 'wrong',
        `the client certificate is not accepted: ${reason}`,
      );
    }
    if (Date.parse(certificate.validTo) <= Date.now())
      return new Rejection('expired', 'the client certificate has expired');
    const names = certificateNames(certificate);
    const identity =
      this.ring.findCertificate(names) ??
      new Rejection(
        'wrong',
        `the client certificate is in no record of the keys; its names: ${Array.from(names).join(', ')}`,
      );
    if (identity instanceof Rejection) return identity;
    const expires = Math.min(identity.expires ?? Number.POSITIVE_INFINITY, Date.parse(certificate.validTo));
    const principal = { ...identity, expires };
    this.known.set(socket, principal);
    return principal;
  }
}

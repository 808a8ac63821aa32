import type { Logger } from 'pino';
import { DomainError } from '../base/domain-error.js';
import { adminPortCheck } from './access/admin-port.js';
import { Admission, type LimitCheck, type PerimeterCheck } from './access/admission.js';
import { AUTH_KINDS, type AuthKind, authKinds } from './access/auth-kinds.js';
import { type Authenticator, Rejection } from './access/authenticator.js';
import { CertificateAuthenticator } from './access/certificates/certificate-authenticator.js';
import { addressGroup, ClientAddresses } from './access/client-address.js';
import { KeyAuthenticator } from './access/keys/key-authenticator.js';
import { KeyFile } from './access/keys/key-file.js';
import { KeyRing } from './access/keys/key-ring.js';
import type { CorsOrigins } from './access/perimeter/cors.js';
import { Perimeter } from './access/perimeter/perimeter.js';
import type { Principal } from './access/principal.js';
import { PageSessions } from './access/sessions/page-sessions.js';
import { SessionAuthenticator } from './access/sessions/session-authenticator.js';
import { TlsFiles } from './access/tls/tls-files.js';
import { buildOidc, type Oidc } from './build-oidc.js';
import type { Config } from './config.js';
import { AddressConnections } from './limits/address-connections.js';
import { clientOf } from './limits/client.js';
import { Limits } from './limits/limits.js';
import { maxConnections } from './overload/max-connections.js';

/** Who may do what, with what the application must close at its end. */
export interface Access {
  /** Kinds of credentials that are accepted; none if none is required. */
  readonly kinds: readonly AuthKind[];
  readonly admission: Admission;
  readonly keys: KeyFile | undefined;
  readonly tls: TlsFiles | undefined;
  readonly oidc: Oidc | undefined;
  readonly pageSessions: PageSessions;
  readonly cors: CorsOrigins;
  readonly addresses: ClientAddresses;
  readonly limits: Limits;
  readonly connections: AddressConnections;
  close(): void;
}

/** Builds all that decides which requests are answered. Throws `INVALID_REQUEST` for settings that do not fit together. */
export function buildAccess(config: Config, log: Logger): Access {
  const kinds = authKinds(config.AUTH, configuredKinds(config));
  warnOfUnused(config, kinds, log);
  const addresses = new ClientAddresses(config.TRUST_PROXY);
  const perimeter = new Perimeter(config, (request) => addresses.isSecure(request));
  const all = limitsOf(config);
  const connections = new AddressConnections({
    limit: config.LIMIT_CONNECTIONS,
    total: maxConnections(),
    addresses,
    limits: all,
    isEncrypted: config.TLS_CERT !== '',
  });
  const checks: PerimeterCheck[] = [({ socket }) => connections.refusal(socket), perimeter.check];
  if (config.ADMIN_PORT > 0) checks.push(adminPortCheck(config.ADMIN_PORT));
  const authenticators: Authenticator[] = [];
  const limits: LimitCheck[] = [];
  if (all.hasRates) {
    limits.push((request, scope, principal) =>
      scope === 'health' ? undefined : all.takeRequest(clientOf(addresses, request, principal), performance.now()),
    );
  }

  const tls = openTls(config, kinds, log);
  const ring = new KeyRing();
  const keys = openKeys(config, kinds, ring, log);
  // What a request says comes first, and then the connection that it came over.
  if (kinds.includes('keys')) authenticators.push(new KeyAuthenticator(ring));
  const oidc = kinds.includes('oidc') ? buildOidc(config, log) : undefined;
  if (oidc?.tokens) authenticators.push(oidc.tokens);
  if (kinds.includes('mtls')) authenticators.push(new CertificateAuthenticator(ring));
  const renew = (principal: Principal) => (principal.kind === 'key' ? keyPrincipal(ring, principal) : principal);
  const pageSessions = new PageSessions(config.MODEL_NAME, renew, (request) => addresses.isSecure(request));
  // Last: a credential in a header counts before the cookie that a browser adds.
  if (kinds.length > 0) authenticators.push(new SessionAuthenticator(pageSessions));

  return {
    kinds,
    admission: new Admission({
      perimeter: checks,
      authenticators,
      limits,
      addressOf: (request) => addressGroup(addresses.of(request)),
    }),
    keys,
    tls,
    oidc,
    pageSessions,
    cors: perimeter.cors,
    addresses,
    limits: all,
    connections,
    close: () => {
      keys?.close();
      tls?.close();
      oidc?.issuer.close();
    },
  };
}

/** The key of a session as it is now: undefined once it has been revoked or has expired. */
function keyPrincipal(ring: KeyRing, { id }: Principal): Principal | undefined {
  const found = ring.principal(id.replace('key:', ''));
  return found instanceof Rejection ? undefined : found;
}

function limitsOf(config: Config): Limits {
  return new Limits({
    requests: config.LIMIT_REQUESTS,
    rows: config.LIMIT_ROWS,
    trainings: config.LIMIT_TRAININGS,
    uploads: config.LIMIT_UPLOADS,
    scratch: config.LIMIT_SCRATCH,
    eventStreams: config.LIMIT_EVENT_STREAMS,
  });
}

/** The kinds of credentials for which there are settings. */
function configuredKinds({ API_KEYS, OIDC_ISSUER, TLS_CLIENT_CA }: Config): AuthKind[] {
  // Certificates are named in the file of the keys, which then need not be the only ones.
  const settings: Record<AuthKind, string> = { keys: API_KEYS, oidc: OIDC_ISSUER, mtls: TLS_CLIENT_CA };
  return AUTH_KINDS.filter((kind) => settings[kind] !== '');
}

function warnOfUnused(config: Config, kinds: readonly AuthKind[], log: Logger): void {
  const unused = configuredKinds(config).filter((kind) => !kinds.includes(kind));
  for (const kind of unused)
    log.warn({ auth: config.AUTH }, `there are settings for AUTH=${kind}, which is not in use`);
}

/** Opens the file of the keys, which also names the certificates. */
function openKeys({ API_KEYS }: Config, kinds: readonly AuthKind[], ring: KeyRing, log: Logger): KeyFile | undefined {
  const kind = kinds.find((each) => each === 'keys' || each === 'mtls');
  if (!kind) return undefined;
  if (API_KEYS !== '') return new KeyFile(API_KEYS, ring, log);
  const what = kind === 'keys' ? 'the file of the keys' : 'the file that says what each certificate may do';
  throw new DomainError('INVALID_REQUEST', `AUTH=${kind} needs API_KEYS, ${what}: npm run keys -- create …`);
}

function openTls(
  { TLS_CERT: cert, TLS_KEY: key, TLS_CLIENT_CA: clientCa }: Config,
  kinds: readonly AuthKind[],
  log: Logger,
): TlsFiles | undefined {
  const isMutual = kinds.includes('mtls');
  if (isMutual && !clientCa)
    throw new DomainError('INVALID_REQUEST', "AUTH=mtls needs TLS_CLIENT_CA, the clients' issuers");
  const [missing] = Object.entries({ TLS_CERT: cert, TLS_KEY: key }).find(([, path]) => path === '') ?? [];
  if (!missing) return new TlsFiles({ cert, key, clientCa: isMutual ? clientCa : '' }, log);
  if (!cert && !key && !clientCa) return undefined;
  throw new DomainError('INVALID_REQUEST', `${missing} is needed: HTTPS takes TLS_CERT and TLS_KEY`);
}

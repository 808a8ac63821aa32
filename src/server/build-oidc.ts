import { accessSync, constants } from 'node:fs';
import type { Logger } from 'pino';
import { DomainError, show } from '../base/domain-error.js';
import { secureUrl } from './access/oidc/bounded-fetch.js';
import { Issuer } from './access/oidc/issuer.js';
import { OidcSignIn } from './access/oidc/sign-in.js';
import { TokenAuthenticator } from './access/oidc/token-authenticator.js';
import { isScope, SCOPES, type Scope } from './access/scopes.js';
import type { Config } from './config.js';

/** The OIDC issuer, and what it is used for. */
export interface Oidc {
  readonly issuer: Issuer;
  /** Undefined without `OIDC_AUDIENCE`. */
  readonly tokens: TokenAuthenticator | undefined;
  /** Undefined without `OIDC_CLIENT_ID`. */
  readonly signIn: OidcSignIn | undefined;
}

/** Builds what OIDC needs, and begins to read the issuer's keys. Throws `INVALID_REQUEST` for settings that do not fit together. */
export function buildOidc(config: Config, log: Logger): Oidc {
  const { OIDC_ISSUER: url, OIDC_AUDIENCE: audience, OIDC_CLIENT_ID: clientId } = config;
  const { OIDC_CLIENT_SECRET: clientSecret, OIDC_REDIRECT_URI: redirectUri } = config;
  if (url === '') throw new DomainError('INVALID_REQUEST', 'AUTH=oidc needs OIDC_ISSUER, the URL of the issuer');
  requireSecure('OIDC_ISSUER', url);
  if (audience === '' && clientId === '') {
    const choices = 'OIDC_AUDIENCE, for tokens of programs, or OIDC_CLIENT_ID, for users of the page';
    throw new DomainError('INVALID_REQUEST', `OIDC_ISSUER needs ${choices}`);
  }
  if (redirectUri !== '') requireSecure('OIDC_REDIRECT_URI', redirectUri);
  if (clientSecret !== '') requireReadable(clientSecret);
  const names = { claim: config.OIDC_SCOPE_CLAIM, prefix: config.OIDC_SCOPE_PREFIX };
  const fallback = readScopes(config.OIDC_SIGN_IN_SCOPES);
  const issuer = new Issuer(url, log);
  issuer.start();
  return {
    issuer,
    tokens: audience === '' ? undefined : new TokenAuthenticator(issuer, audience, names),
    signIn:
      clientId === '' ? undefined : new OidcSignIn({ issuer, clientId, clientSecret, redirectUri, names, fallback }),
  };
}

function requireSecure(name: string, url: string): void {
  try {
    secureUrl(url);
  } catch (cause) {
    throw new DomainError('INVALID_REQUEST', `${name}: ${(cause as Error).message}`, { cause });
  }
}

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : `it cannot be read: ${code}`;
    throw new DomainError('INVALID_REQUEST', `OIDC_CLIENT_SECRET=${path}: ${reason}`, { cause });
  }
}

function readScopes(text: string): Scope[] {
  const names = text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const unknown = names.find((name) => !isScope(name));
  if (unknown === undefined) return names as Scope[];
  const expected = `expected a list of ${SCOPES.join(', ')}`;
  throw new DomainError('INVALID_REQUEST', `OIDC_SIGN_IN_SCOPES: ${expected}, got ${show(unknown)}`);
}

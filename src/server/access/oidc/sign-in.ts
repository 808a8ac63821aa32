import { readFile } from 'node:fs/promises';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ServerMetadata,
} from 'openid-client';
import type { Principal } from '../principal.js';
import { type Scope, scopesOf } from '../scopes.js';
import { fetchBounded, secureUrl } from './bounded-fetch.js';
import { claimedScopes, type ScopeNames } from './claimed-scopes.js';
import type { Issuer, Metadata } from './issuer.js';
import { principalId, principalName } from './subject.js';

/** What the sign-in asks the issuer for: an ID token, and a name to show. */
const REQUESTED = 'openid profile email';

/** What the browser must bring back from the issuer, so that the reply belongs to its own request. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  /** The PKCE code verifier (RFC 7636). */
  readonly verifier: string;
}

/** The same with where it began: true if the page is still open in another tab. */
export interface Flow extends Checks {
  readonly tab: boolean;
}

export interface OidcSignInOptions {
  readonly issuer: Issuer;
  readonly clientId: string;
  /** File with the client's secret, read at each sign-in; empty for a public client. */
  readonly clientSecret: string;
  /** Where the issuer sends the browser back to; empty for `/session/callback` below the address that the browser uses. */
  readonly redirectUri: string;
  readonly names: ScopeNames;
  /** Scopes of a user whose ID token names none. */
  readonly fallback: readonly Scope[];
}

/** Signs users in at the issuer: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1). */
export class OidcSignIn {
  private readonly options: OidcSignInOptions;

  constructor(options: OidcSignInOptions) {
    this.options = options;
  }

  get redirectUri(): string {
    return this.options.redirectUri;
  }

  /** The host of the issuer, which users know. */
  get host(): string {
    return new URL(this.options.issuer.url).host;
  }

  /**
   * Begins a sign-in whose reply the issuer is to send to `callback`. Returns the URL at which the user signs in. Rejects with
   * `IssuerUnavailable`.
   */
  async begin(callback: string): Promise<{ readonly url: URL; readonly checks: Checks }> {
    const config = await this.configure();
    const checks = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const url = buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: REQUESTED,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await calculatePKCECodeChallenge(checks.verifier),
      code_challenge_method: 'S256',
    });
    return { url: secureUrl(url.href), checks };
  }

  /**
   * Ends a sign-in with the issuer's reply: the callback with its query. Rejects with errors of openid-client and jose if it is
   * not the reply to this sign-in.
   */
  async finish(reply: URL, { state, nonce, verifier }: Checks): Promise<Principal> {
    const { issuer, clientId, names, fallback } = this.options;
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
    const { id_token: token = '' } = await authorizationCodeGrant(await this.configure(), reply, checks);
    // openid-client trusts the connection to the issuer, and leaves the signature out.
    const { claims } = await issuer.verify(token, clientId);
    const scopes = claimedScopes(claims, names);
    return {
      id: principalId(claims),
      kind: 'token',
      name: principalName(claims),
      scopes: scopes.size > 0 ? scopes : scopesOf(fallback),
    };
  }

  private async configure(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const metadata = await issuer.metadata();
    const secret = clientSecret === '' ? '' : await readSecret(clientSecret);
    const config = new Configuration(metadata as ServerMetadata, clientId, {}, authentication(metadata, secret));
    config[customFetch] = (url, init) => fetchBounded(url, init as RequestInit);
    // `fetchBounded` allows http to this machine only.
    allowInsecureRequests(config);
    return config;
  }
}

async function readSecret(path: string): Promise<string> {
  const secret = (await readFile(path, 'utf8')).trim();
  if (secret === '') throw new Error('the file of OIDC_CLIENT_SECRET is empty');
  return secret;
}

/** How the client sends its secret: as the issuer supports it; by default in a header (RFC 8414, section 2). */
function authentication({ token_endpoint_auth_methods_supported: methods }: Metadata, secret: string): ClientAuth {
  if (secret === '') return None();
  const takesForm = Array.isArray(methods) && methods.includes('client_secret_post');
  return takesForm ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

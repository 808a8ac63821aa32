import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { type Configuration, type JWK, Provider } from 'oidc-provider';
import { SCOPES } from '../../src/server/access/scopes.js';

/** The audience of the access tokens. */
export const AUDIENCE = 'https://models.example';
/** The client of the page, and its secret. */
export const PAGE_CLIENT = { id: 'page', secret: 'secret-of-the-page-secret-of-the-page' };
const PROGRAM = { id: 'program', secret: 'secret-of-the-program-secret-of-the-program' };
/** Claims of whoever signs in, beside `sub`. */
type UserClaims = Readonly<Record<string, unknown>>;

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

interface SigningKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** A real OpenID Connect issuer, `oidc-provider`, on a free port of this machine. */
export class OidcIssuer {
  readonly url: string;
  /** Paths of the requests so far. */
  readonly requests: string[] = [];
  /** Answers requests in place of the issuer, for example to be away. */
  override: RequestListener | undefined;
  private readonly server: Server;
  private readonly port: number;
  private readonly callbacks: readonly string[];
  private readonly user: UserClaims;
  private keys: readonly SigningKey[] = [];
  private listener: RequestListener = () => {};

  private constructor(server: Server, callbacks: readonly string[], user: UserClaims) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
    this.callbacks = callbacks;
    this.user = user;
    server.on('request', (request, response) => {
      this.requests.push(request.url!.replace(/\?.*/, ''));
      (this.override ?? this.listener)(request, response);
    });
  }

  /**
   * Starts an issuer that leads browsers back to `callbacks`, and whose users have these claims. It ends with the test, if there is
   * one.
   */
  static async start(
    t?: TestContext,
    {
      callbacks = ['http://127.0.0.1/session/callback'],
      user = {},
    }: { callbacks?: readonly string[]; user?: UserClaims } = {},
  ): Promise<OidcIssuer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new OidcIssuer(server, callbacks, user);
    t?.after(() => issuer.stop());
    await issuer.useKeys(await signingKey('key-1', 'RS256'));
    return issuer;
  }

  /** Closes the port and all connections: the issuer is away. */
  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Is at its port again after {@link stop}. */
  async comeBack(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Publishes these keys in place of the former ones, and signs with the first one. */
  async useKeys(...keys: readonly SigningKey[]): Promise<void> {
    this.keys = keys;
    this.listener = new Provider(this.url, this.configuration()).callback();
  }

  /** Answers with what `reply` returns, and as ever where it returns undefined. */
  answer(reply: (request: IncomingMessage) => string | undefined): void {
    this.override = (request, response) => {
      const text = reply(request);
      if (text === undefined) this.listener(request, response);
      else response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    };
  }

  /** Redirects one path to another one, at which there is the same. */
  redirect(path: string, target: string): void {
    this.override = (request, response) => {
      if (request.url === path) return response.writeHead(302, { location: target }).end();
      if (request.url === target) request.url = path;
      return this.listener(request, response);
    };
  }

  get key(): SigningKey {
    return this.keys[0]!;
  }

  /** Requests an access token as programs do, with the client credentials grant (RFC 6749, section 4.4). */
  async token(scope = 'predict read'): Promise<string> {
    const response = await fetch(`${this.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${PROGRAM.id}:${PROGRAM.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE, scope }),
    });
    const reply = (await response.json()) as { access_token?: string };
    if (reply.access_token === undefined) throw new Error(JSON.stringify(reply));
    return reply.access_token;
  }

  /** Signs a token with the issuer's own key, by default a valid one. */
  async sign(
    claims: JWTPayload = {},
    header: Partial<JWTHeaderParameters> = {},
    { privateKey, algorithm, kid }: SigningKey = this.key,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const valid = { iss: this.url, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 600, scope: 'predict read' };
    return new SignJWT({ ...valid, ...claims })
      .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  }

  private configuration(): Configuration {
    const { user } = this;
    return {
      jwks: { keys: this.keys.map(({ jwk }) => jwk) },
      clients: [
        {
          client_id: PROGRAM.id,
          client_secret: PROGRAM.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
        {
          client_id: PAGE_CLIENT.id,
          client_secret: PAGE_CLIENT.secret,
          redirect_uris: [...this.callbacks],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      cookies: { keys: ['a-key-for-cookies-of-this-test-only'] },
      claims: { openid: ['sub', ...Object.keys(user)], profile: ['preferred_username'], email: ['email'] },
      conformIdTokenClaims: false,
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.com`, ...user }),
      }),
      features: {
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: SCOPES.join(' '),
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: this.key.algorithm } },
          }),
        },
      },
    };
  }
}

/** Creates a key with which an issuer signs. */
export async function signingKey(kid: string, algorithm: Algorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    kid,
    algorithm,
    privateKey,
    jwk: { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: 'sig' } as JWK,
  };
}

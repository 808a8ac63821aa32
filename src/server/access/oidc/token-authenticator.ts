import type { IncomingMessage } from 'node:http';
import { errors } from 'jose';
import { DomainError } from '../../../base/domain-error.js';
import { readJsonObject } from '../../../base/json/json-object.js';
import { type Authenticator, type Identity, Rejection, type RejectionReason } from '../authenticator.js';
import { isSingle } from '../keys/key-credential.js';
import type { Principal } from '../principal.js';
import { claimedScopes, type ScopeNames } from './claimed-scopes.js';
import { ALGORITHMS, CLOCK_TOLERANCE, type Issuer, IssuerUnavailable, type VerifiedToken } from './issuer.js';
import { principalId, principalName } from './subject.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Maximum characters of a token. Node.js refuses more than 16 KiB of headers. */
const MAX_TOKEN = 8192;

const BEARER = /^bearer +/i;
/** Header, claims and signature; the signature is empty if `alg` is `none`. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** Values of the header `typ` that an access token may have: that of RFC 9068, and the one of any token. */
const TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

/** Accepts access tokens of the issuer for this audience, sent as `Authorization: Bearer`. */
export class TokenAuthenticator implements Authenticator {
  readonly accepts: string;
  readonly securitySchemes: Authenticator['securitySchemes'];
  private readonly issuer: Issuer;
  private readonly audience: string;
  private readonly names: ScopeNames;
  private readonly verified = new VerifiedTokens();

  constructor(issuer: Issuer, audience: string, names: ScopeNames) {
    this.issuer = issuer;
    this.audience = audience;
    this.names = names;
    this.accepts = `an access token of ${issuer.url} for ${audience} (Authorization: Bearer …)`;
    const description = `an access token (JWT) of ${issuer.url} for the audience ${audience}`;
    this.securitySchemes = { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description } };
  }

  now({ headers, rawHeaders }: IncomingMessage): Principal | undefined {
    const { authorization, 'x-api-key': apiKey } = headers;
    if (authorization === undefined) return undefined;
    const known = this.verified.get(authorization);
    // Of two credentials, another server on the way may have looked at the other one.
    if (!known || apiKey !== undefined || !isSingle(rawHeaders) || !this.issuer.isKnown) return undefined;
    const { principal, generation } = known;
    if (generation === this.issuer.generation && Date.now() < principal.expires!) return principal;
    this.verified.delete(authorization);
    return undefined;
  }

  identify(request: IncomingMessage): Identity | Promise<Identity> {
    const token = tokenOf(request);
    if (token === undefined) return undefined;
    if (!isSingle(request.rawHeaders)) return refusal('malformed', 'expected one header authorization, got several');
    if (token.length > MAX_TOKEN) return refusal('malformed', `expected at most ${MAX_TOKEN} characters`);
    return this.now(request) ?? this.verify(token, request.headers.authorization!);
  }

  private async verify(token: string, authorization: string): Promise<Identity> {
    try {
      const verified = await this.issuer.verify(token, this.audience);
      const refused = refuseDuplicates(token) ?? refuseOtherTokens(verified);
      if (refused) return refused;
      const principal = this.principalOf(verified);
      this.verified.set(authorization, { principal, generation: verified.generation });
      return principal;
    } catch (error) {
      if (error instanceof errors.JOSEError) return rejectionOf(error, this.audience);
      if (error instanceof IssuerUnavailable) return new Rejection('unavailable', error.message);
      throw error;
    }
  }

  private principalOf({ claims }: VerifiedToken): Principal {
    return {
      id: principalId(claims),
      kind: 'token',
      name: principalName(claims),
      scopes: claimedScopes(claims, this.names),
      expires: 1000 * (claims.exp + CLOCK_TOLERANCE),
    };
  }
}

/** Returns a token in the form of a JWT. */
function tokenOf({ headers: { authorization } }: IncomingMessage): string | undefined {
  if (authorization === undefined || !BEARER.test(authorization)) return undefined;
  const token = authorization.replace(BEARER, '');
  return JWT.test(token) ? token : undefined;
}

function refusal(reason: RejectionReason, message: string): Rejection {
  return new Rejection(reason, `token: ${message}`);
}

/** What is wrong with a token, in words for its bearer. */
function rejectionOf(error: errors.JOSEError, audience: string): Rejection {
  if (error instanceof errors.JWTExpired) {
    return refusal('expired', `it expired at ${new Date(1000 * Number(error.payload.exp)).toISOString()}`);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    if (error.reason === 'missing') return refusal('wrong', `the claim "${claim}" is missing`);
    if (claim === 'nbf') return refusal('wrong', 'it is not valid yet');
    if (claim === 'aud') return refusal('wrong', `it is for another audience than ${audience}`);
    if (claim === 'iss') return refusal('wrong', 'it is of another issuer');
    return refusal('malformed', `the claim "${claim}" is invalid`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return refusal('wrong', `expected one of the algorithms ${ALGORITHMS.join(', ')}, and no critical extensions`);
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return refusal('wrong', 'it is signed with a key that the issuer does not publish');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refusal('wrong', 'its signature is wrong');
  return refusal('malformed', 'expected a signed JWT');
}

/** Of claims with the same name one reader may see the first, and another one the last. */
function refuseDuplicates(token: string): Rejection | undefined {
  try {
    for (const part of token.split('.', 2)) readJsonObject(Buffer.from(part, 'base64url'));
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return refusal('malformed', error.message);
    throw error;
  }
}

/** Refuses what the same issuer signs for another purpose: who has it must not be able to use it here. */
function refuseOtherTokens({ header, claims }: VerifiedToken): Rejection | undefined {
  const type = header.typ?.toLowerCase();
  // Keycloak writes the type into the claims: Bearer, ID, Refresh, Logout.
  const isOther = !TYPES.has(type) || (claims['typ'] !== undefined && claims['typ'] !== 'Bearer');
  const isAccessToken = type?.endsWith('at+jwt') || claims['typ'] === 'Bearer';
  const isIdToken = ['nonce', 'at_hash', 'c_hash'].some((name) => claims[name] !== undefined);
  if (isOther || (isIdToken && !isAccessToken)) return refusal('wrong', 'it is not an access token');
  if (claims['cnf'] === undefined) return undefined;
  return refusal('unsupported', 'it is bound to a key of its client (DPoP or mutual TLS), which is not supported');
}

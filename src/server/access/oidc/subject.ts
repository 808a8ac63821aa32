import type { JWTPayload } from 'jose';

/** Maximum characters of a name. */
const MAX_LENGTH = 255;

/** Claims with a name for people, the best first (OpenID Connect Core 1.0, section 5.1; `client_id`: RFC 9068). */
const NAMES = ['preferred_username', 'email', 'name', 'client_id', 'azp'];

/** Returns the id of the subject of a verified token. It is unique at its issuer. */
export function principalId({ sub }: JWTPayload & { readonly sub: string }): string {
  return `oidc:${sub}`;
}

/** Returns the name of the subject; undefined if the token has none. */
export function principalName(claims: JWTPayload): string | undefined {
  const name = NAMES.map((claim) => claims[claim]).find((value) => typeof value === 'string' && value !== '');
  return (name as string | undefined)?.slice(0, MAX_LENGTH);
}

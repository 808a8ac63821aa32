import { AccessError } from './access-error.js';
import { ALL_SCOPES, isOpen, NO_SCOPES, type RouteScope, type Scope } from './scopes.js';

/** Who sends a request. */
export interface Principal {
  /** Stable and fit for logs: never a secret, nor a part of one. Unique, for example `key:3f9c0a1b2c3d`. */
  readonly id: string;
  readonly kind: 'anyone' | 'key' | 'token' | 'certificate' | 'session';
  /** The name that people gave it. */
  readonly name?: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** Time at which the credential expires, in milliseconds since 1970. */
  readonly expires?: number | undefined;
}

/** Everyone, where no credentials are configured. */
export const ANYONE: Principal = Object.freeze({ id: 'anyone', kind: 'anyone', scopes: ALL_SCOPES });
/** The sender of a request without a valid credential, where credentials are configured. */
export const NOBODY: Principal = Object.freeze({ id: 'nobody', kind: 'anyone', scopes: NO_SCOPES });

export function may({ scopes }: Principal, scope: RouteScope): boolean {
  return isOpen(scope) || scopes.has(scope);
}

/** Throws `FORBIDDEN`, or `UNAUTHENTICATED` for nobody, for a principal without this scope. `what` requires it. */
export function requireScope(principal: Principal, scope: Scope, what: string): void {
  if (may(principal, scope)) return;
  throw principal === NOBODY
    ? unauthenticated(`${what} requires a credential with the scope ${scope}`)
    : forbidden(principal, scope, what);
}

/** The error of a request without a valid credential. `problem`: the error of RFC 6750, if it has an invalid one. */
export function unauthenticated(message: string, problem?: 'invalid_token'): AccessError {
  const challenge = `Bearer realm="reconstruction-regressor"${problem ? `, error="${problem}"` : ''}`;
  return new AccessError('UNAUTHENTICATED', message, { 'www-authenticate': challenge });
}

/** The error of a request whose credential lacks a scope. */
export function forbidden({ id, scopes }: Principal, scope: RouteScope, what = 'this'): AccessError {
  const has = scopes.size > 0 ? Array.from(scopes).join(', ') : 'no scope';
  const challenge = `Bearer realm="reconstruction-regressor", error="insufficient_scope", scope="${scope}"`;
  return new AccessError('FORBIDDEN', `${what} requires the scope ${scope}; ${id} has ${has}`, {
    'www-authenticate': challenge,
  });
}

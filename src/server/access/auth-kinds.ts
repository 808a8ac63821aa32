import { DomainError, show } from '../../base/domain-error.js';

/** Kinds of credentials: API keys, tokens of OpenID Connect, and certificates of clients (mutual TLS). */
export const AUTH_KINDS = ['keys', 'oidc', 'mtls'] as const;
export type AuthKind = (typeof AUTH_KINDS)[number];

/**
 * Reads `AUTH`: a list such as `keys,oidc`; empty for `configured`, the kinds for which there are settings; `off` for none.
 * Throws `INVALID_REQUEST`.
 */
export function authKinds(text: string, configured: readonly AuthKind[]): readonly AuthKind[] {
  if (text === '') return configured;
  if (text === 'off') return [];
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !AUTH_KINDS.includes(name as AuthKind));
  if (unknown !== undefined) {
    const expected = `expected off, or a list of ${AUTH_KINDS.join(', ')}`;
    throw new DomainError('INVALID_REQUEST', `AUTH: ${expected}, got ${show(unknown)}`);
  }
  return AUTH_KINDS.filter((kind) => names.includes(kind));
}

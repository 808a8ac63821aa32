/** What a credential may allow. `admin` includes all others. */
export const SCOPES = ['predict', 'feedback', 'train', 'activate', 'read', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * What a route requires: a scope; or nothing, for health checks (`health`) and for what anyone may see before signing in
 * (`open`). Where the two differ: with a port for administration, only health checks are answered at both ports.
 */
export type RouteScope = Scope | 'health' | 'open';

export const ALL_SCOPES: ReadonlySet<Scope> = new Set(SCOPES);
export const NO_SCOPES: ReadonlySet<Scope> = new Set();

/** The scopes that a credential with these names allows. */
export function scopesOf(names: Iterable<Scope>): ReadonlySet<Scope> {
  const scopes = new Set(names);
  return scopes.has('admin') ? ALL_SCOPES : scopes;
}

export function isScope(name: unknown): name is Scope {
  return SCOPES.includes(name as Scope);
}

/** Whether a route can be called without a credential. */
export function isOpen(scope: RouteScope): scope is 'health' | 'open' {
  return scope === 'health' || scope === 'open';
}

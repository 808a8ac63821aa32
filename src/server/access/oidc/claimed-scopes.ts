import { isObject } from '../../../base/json/parse-json.js';
import { isScope, type Scope, scopesOf } from '../scopes.js';

/** Where a token names what its bearer may do, and how. */
export interface ScopeNames {
  /**
   * The claim that holds the names: a text with spaces, or a list. `a.b` is also `b` in the object `a`. If empty, `scope` (RFC
   * 8693, section 4.2) and `scp`, as Microsoft and Okta name it.
   */
  readonly claim: string;
  /** What precedes a scope of this service in its name at the issuer. Names without it do not count. */
  readonly prefix: string;
}

/** Returns the scopes of this service that the claims of a token name. Other names are ignored. */
export function claimedScopes(
  claims: Readonly<Record<string, unknown>>,
  { claim, prefix }: ScopeNames,
): ReadonlySet<Scope> {
  const values = claim === '' ? [claims['scope'], claims['scp']] : [claimAt(claims, claim)];
  const names = values.flatMap((value) =>
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [],
  );
  return scopesOf(
    names
      .filter((name): name is string => typeof name === 'string' && name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter(isScope),
  );
}

/** The claim of exactly this name, which may be a URL with dots, or else the one at this path. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
